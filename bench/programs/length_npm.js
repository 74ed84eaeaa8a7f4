// The weighted length by npm's twitter-text. The folder where it is installed is the argument.
const path = require("path");
const lines = require("readline").createInterface({input: process.stdin});
const twitter = require(path.join(process.argv[2], "node_modules", "twitter-text"));

let texts = null;
let total = 0;
lines.on("line", line => {
  if (texts === null) {
    texts = JSON.parse(line);
    return;
  }
  const start = process.cpuUsage();
  for (const text of texts) total += twitter.parseTweet(text).weightedLength;
  const used = process.cpuUsage(start);
  process.stdout.write(`${(used.user + used.system) / 1e6}\n`);
});

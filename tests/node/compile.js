// Compiles MJML with the reference compiler: one JSON object a line in ({"mjml": …, "rounds": 1}), one out ({"html": …, "ms": best}).
const mjml = require("mjml");
const lines = require("readline").createInterface({ input: process.stdin });

lines.on("line", (line) => {
  const { mjml: source, rounds = 1 } = JSON.parse(line);
  let html = "";
  let best = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const start = process.hrtime.bigint();
    html = mjml(source, { validationLevel: "skip", fonts: {} }).html;
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e6);
  }
  process.stdout.write(`${JSON.stringify({ html, ms: best })}\n`);
});

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseLog } from "../../src/oops/index.ts";
import { summaryOf } from "./summary.ts";

// The logs are written after the kernel's own printk formats (Linux 6.1, and 5.4 to 7.2 where they differ); article.log is the article's.
// UPDATE_GOLDENS=1 blesses what comes out; read it before committing.
const folder = new URL("logs/", import.meta.url);
for (const name of readdirSync(folder).filter((file) => file.endsWith(".log"))) {
  test(name, () => {
    const text = `${JSON.stringify(summaryOf(parseLog(readFileSync(new URL(name, folder)))), null, 1)}\n`;
    const golden = new URL(name.replace(/log$/, "json"), folder);
    if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(golden, text);
    expect(text).toBe(readFileSync(golden, "utf8"));
  });
}

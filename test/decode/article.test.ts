import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decode } from "../../src/decode/index.ts";
import { renderScript, renderText } from "../../src/render/index.ts";
import { expectGolden } from "../support/golden.ts";

// The article's log: a double free in gtp5g on a kernel whose vmlinux cannot be had here.
const log = readFileSync(new URL("../oops/logs/article.log", import.meta.url));

test("the article's log without its vmlinux, in whole", async () => {
  const decoded = await decode(log, { root: null, name: "article.log" });
  expectGolden(renderText(decoded.case, decoded.log.lines, { terminated: decoded.log.terminated, onTerminal: false }).toString("latin1"), new URL("article.txt", import.meta.url));
  expectGolden(`${JSON.stringify(decoded.case, null, 1)}\n`, new URL("article.json", import.meta.url));
  expectGolden(renderScript(decoded.case, decoded.log.lines, { base: null, onTerminal: false }).toString("latin1"), new URL("article.script.txt", import.meta.url));
  expect({ complete: decoded.complete, remarks: decoded.remarks }).toEqual({
    complete: false,
    remarks: [
      {
        severity: "warning",
        text: "no vmlinux of 5.4.0-131-generic was found, and no file of the modules nfnetlink, virtio_net; Ubuntu's package linux-image-unsigned-5.4.0-131-generic-dbgsym has them; it is in Ubuntu's debug symbol archive, which must be among the sources of apt",
        command: "oopscope symbols fetch article.log",
      },
      { severity: "warning", text: "no file of the out-of-tree module gtp5g was found; name the folder of the build that crashed", command: "oopscope decode --modules PATH/TO/BUILD LOG" },
    ],
  });
});

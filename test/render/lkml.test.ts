import { expect, test } from "vitest";
import { renderLkml } from "../../src/render/lkml.ts";
import { commanding, hostileCase, savedCase } from "./cases.ts";

const cases = [savedCase("null-chain"), savedCase("skb-double-free"), savedCase("article"), hostileCase()];

test("the subject fits, prose can be quoted, and the trace is not wrapped", () => {
  for (const found of cases) {
    const mail = renderLkml(found);
    const [subject, empty, ...rest] = mail.split("\n");
    expect(empty).toBe("");
    expect(subject!.slice("Subject: ".length).length).toBeLessThanOrEqual(75);
    expect(mail).not.toMatch(commanding);
    const [first, last] = found.reports[0]!.lines;
    const held = found.log.lines.filter(({ line }) => line >= first && line <= last).length;
    expect(rest.slice(rest.indexOf("The decoded trace:") + 2, -1)).toHaveLength(held);
  }
});

test("a subject too long for everything is cut", () => {
  const found = savedCase("null-chain");
  const [report] = found.reports;
  const name = "a_name_".repeat(12);
  const long = { ...found, reports: [{ ...report!, title: `BUG in ${name}`, verdict: { ...report!.verdict!, guilty: { ...report!.verdict!.guilty!, function: name } } }] };
  expect(renderLkml(long).split("\n")[0]).toBe("Subject: [BUG] null_chain: BUG in a_name_a_name_a_name_a_name_a_name_a_name_a_nam...");
});

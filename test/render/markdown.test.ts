import markdownIt from "markdown-it";
import { expect, test } from "vitest";
import { codeSpan, escaped, prose } from "../../src/render/markdown-text.ts";
import { renderMarkdown } from "../../src/render/markdown.ts";
import { attack, commanding, hostileCase } from "./cases.ts";

// Another one's opinion of what the text is: markup may be raw HTML, and bare addresses become links, as on the hosts of issues.
const reader = markdownIt({ html: true, linkify: true });

/** Everything in a document that is not plain text or code. */
function structure(markdown: string): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const token of reader.parse(markdown, {})) {
    add(token.type === "html_block" ? `html ${token.content.trim()}` : token.type);
    // What parts `@name` is a comment of ours.
    for (const child of token.children ?? []) if (child.type !== "text" && child.content !== "<!-- -->") add(child.type === "html_inline" ? `html ${child.content}` : child.type);
  }
  return counts;
}

test("a hostile log changes nothing of the document's structure", () => {
  const expected = structure(renderMarkdown(hostileCase("x")));
  const hostile = structure(renderMarkdown(hostileCase()));
  // No fence ended, no link, picture, heading or element came about; what an even number of back-ticks encloses may be code.
  const inline = new Set(["code_inline", "softbreak", "hardbreak", "text_special"]);
  const blocks = (counts: Map<string, number>) => [...counts].filter(([name]) => !inline.has(name)).sort();
  expect(blocks(hostile)).toEqual(blocks(expected));
  expect(renderMarkdown(hostileCase())).not.toMatch(commanding);
});

test("nothing outside of code mentions anybody or leads anywhere", () => {
  const inlineText = reader.parse(renderMarkdown(hostileCase()), {}).flatMap(({ children }) => children ?? []).filter(({ type }) => type === "text").map(({ content }) => content);
  expect(inlineText.filter((text) => /@\w|#\d|GH-\d|https?:\/\/|www\./.test(text))).toEqual([]);
});

test("texts", () => {
  expect(escaped("a_b *c* <d> @e #1 1. [x](y)")).toBe("a\\_b \\*c\\* &lt;d&gt; @<!-- -->e #<!-- -->1 1. \\[x\\](y)");
  expect(escaped("1. one")).toBe("1\\. one");
  expect(codeSpan("a`b``c")).toBe("```a`b``c```");
  expect(codeSpan("`a")).toBe("`` `a ``");
  expect(prose("double free: `kfree` of a*b")).toBe("double free: `kfree` of a\\*b");
  expect(prose("an odd ` one")).toBe("an odd \\` one");
  for (const text of [attack, "`", "``", " ", "a  b", "_", "\\"]) {
    expect(reader.renderInline(escaped(text)).replaceAll("<!-- -->", "")).not.toMatch(/<(?!br>)/);
    if (text.trim() !== "") expect(reader.renderInline(codeSpan(text))).toMatch(/^<code>[^<]*<\/code>$/);
  }
});

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Case } from "../../src/case/index.ts";
import { renderHtml } from "../../src/render/html/page.ts";
import { renderMarkdown } from "../../src/render/markdown.ts";
import { hostileCase, savedCase } from "./cases.ts";

// A browser's opinion of the page, from a file, as a user opens it.
const executable = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const folder = mkdtempSync(join(tmpdir(), "oopscope-html-"));
let browser: BrowserContext;
let plain: BrowserContext;

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const start = (name: string, options: { javaScriptEnabled: boolean }) =>
  chromium.launchPersistentContext(join(folder, name), { executablePath: executable!, args: flags, viewport: { width: 1200, height: 900 }, colorScheme: "light", ...options });

beforeAll(async () => {
  if (executable === undefined) throw new Error("the pages are tested in Chromium: apt install chromium");
  browser = await start("profile", { javaScriptEnabled: true });
  plain = await start("profile-plain", { javaScriptEnabled: false });
});
afterAll(async () => {
  await browser?.close();
  await plain?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The page of a case, with all that it asked for and complained of. */
async function open(found: Case, context = browser): Promise<{ page: Page; requests: string[]; complaints: string[] }> {
  const file = join(folder, "page.html");
  writeFileSync(file, renderHtml(found));
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(pathToFileURL(file).href);
  return { page, requests: requests.filter((url) => url !== pathToFileURL(file).href), complaints };
}

/** An expression about each element of a selector; as text, since this file is not compiled for browsers. */
const each = (page: Page, selector: string, of: string): Promise<string[]> => page.evaluate<string[]>(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => ${of})`);

test("it opens from a file, asks for nothing, and every link leads somewhere", async () => {
  for (const name of ["null-chain", "skb-double-free", "article"]) {
    const { page, requests, complaints } = await open(savedCase(name));
    const links = await each(page, "a", 'one.getAttribute("href")');
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter((link) => !link.startsWith("#"))).toEqual([]);
    const ids = await each(page, "[id]", "one.id");
    expect(new Set(ids).size).toBe(ids.length);
    expect([...new Set(links)].filter((link) => !ids.includes(link.slice(1)))).toEqual([]);
    expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
    await page.close();
  }
});

test("a line of the log leads to its frame, unfolded with source and instructions, and back", async () => {
  const { page } = await open(savedCase("null-chain"));
  const inside = page.locator(".frame .inside").first();
  expect(await inside.isVisible()).toBe(false);
  await page.locator("#L12 .t a").click();
  expect(await inside.isVisible()).toBe(true);
  expect(await inside.locator("tr.guilty .t").innerText()).toContain("READ_ONCE(route->neighbour->device->queue_length)");
  expect(await inside.locator(".trap").innerText()).toContain("mov    0x14(%rax),%edx");
  await page.locator(".frame .n").first().click();
  expect(page.url()).toMatch(/#L12$/);
  expect(await each(page, ":target", "one.id")).toEqual(["L12"]);
  await page.close();
});

test("keys: j and k walk the stack, / finds in the log, t turns the light, ? helps", async () => {
  const { page } = await open(savedCase("skb-double-free"));
  const focused = () => page.evaluate<string | null>('document.activeElement?.closest(".frame")?.id ?? document.activeElement?.id ?? null');
  await page.keyboard.press("j");
  expect(await focused()).toBe("r1s0f0");
  for (const key of "jjjk") await page.keyboard.press(key);
  expect(await focused()).toBe("r1s0f2");
  await page.keyboard.press("/");
  expect(await focused()).toBe("find");
  await page.keyboard.type("slub.c:419");
  expect(await each(page, ".log li.hit", "one.id")).toEqual(["L64"]);
  expect(await page.locator("#count").innerText()).toBe("1 of 1");
  await page.keyboard.press("Escape");
  expect(await page.locator(".log li.hit").count()).toBe(0);
  const background = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  const light = await background();
  await page.keyboard.press("t");
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.keyboard.press("t");
  expect(await background()).toBe(light);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await background()).toBe(light); // chosen, so the system's wish no longer counts
  await page.keyboard.press("?");
  expect(await page.locator("#help").isVisible()).toBe(true);
  await page.keyboard.press("Escape");
  expect(await page.locator("#help").isVisible()).toBe(false);
  await page.close();
});

test("copied as Markdown, it is the Markdown; a command is copied as it stands", async () => {
  const found = savedCase("null-chain");
  const { page, complaints } = await open(found);
  await browser.grantPermissions(["clipboard-read", "clipboard-write"]);
  const copied = () => page.evaluate<string>("navigator.clipboard.readText()");
  await page.keyboard.press("c");
  await page.locator("#copy", { hasText: "copied" }).waitFor();
  expect(await copied()).toBe(renderMarkdown(found));
  await page.locator(".next button").click();
  await page.locator(".next button", { hasText: "copied" }).waitFor();
  expect(await copied()).toBe(found.reports[0]!.verdict!.next[0]!.command);
  expect(complaints).toEqual([]);
  await page.close();
});

test("no script of a hostile log runs, and no element of it comes about", async () => {
  const { page, requests, complaints } = await open(hostileCase());
  expect(await page.evaluate<boolean>("'hit' in window")).toBe(false);
  // What back-ticks enclose may be code; nothing else may come of a text.
  const elements = (target: Page) => each(target, "*:not(code)", "one.tagName");
  const hostile = await elements(page);
  await page.keyboard.press("/");
  await page.keyboard.type("<img");
  await page.keyboard.press("?");
  expect(await page.evaluate<boolean>("'hit' in window")).toBe(false);
  expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
  await page.close();
  const { page: tame } = await open(hostileCase("x"));
  expect(hostile).toEqual(await elements(tame));
  await tame.close();
});

test("the policy stops what is not the page's own, were it ever to get in", async () => {
  const file = join(folder, "injected.html");
  writeFileSync(file, renderHtml(savedCase("null-chain")).replace("</main>", "<script>window.hit=1</script><img src=x onerror='window.hit=2'><p style='color:red' id=styled>x</p></main>"));
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  await page.goto(pathToFileURL(file).href);
  expect(await page.evaluate<boolean>("'hit' in window")).toBe(false);
  expect(await page.evaluate<string>("getComputedStyle(document.querySelector('#styled')).color")).not.toBe("rgb(255, 0, 0)");
  expect(complaints.filter((text) => /Content Security Policy/.test(text)).length).toBeGreaterThanOrEqual(3);
  await page.close();
});

test("it is read with scripts off: nothing is missing but the buttons", async () => {
  const found = savedCase("null-chain");
  const { page } = await open(found, plain);
  expect(await page.locator(".tools").isVisible()).toBe(false);
  const frame = page.locator(".frame").first();
  expect(await frame.locator(".inside").isVisible()).toBe(false);
  await frame.locator("summary .fns").click();
  expect(await frame.locator(".inside").isVisible()).toBe(true);
  await page.locator(".markdown summary").click();
  expect(await page.locator("#markdown").inputValue()).toBe(renderMarkdown(found));
  expect(await page.locator("h1").isVisible()).toBe(true);
  await page.close();
});

test("on paper everything is unfolded, and nothing is wider than the page", async () => {
  const { page } = await open(savedCase("null-chain"), plain);
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 700, height: 1000 });
  expect(await page.locator(".frame .inside").first().isVisible()).toBe(true);
  expect(await each(page, ".bar .tools, .markdown", "String(one.checkVisibility())")).toEqual(["false", "false"]);
  expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(700);
  await page.close();
});

test("on a telephone the page itself does not scroll sideways", async () => {
  for (const name of ["null-chain", "article"]) {
    const { page } = await open(savedCase(name));
    await page.setViewportSize({ width: 360, height: 700 });
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    await page.close();
  }
});

test("a usual case takes less than 150 kB", () => {
  expect(renderHtml(savedCase("skb-double-free")).length).toBeLessThan(150_000);
});

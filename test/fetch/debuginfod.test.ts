import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { debuginfodOptions, fetchDebuginfo, type DebuginfodOptions } from "../../src/fetch/index.ts";
import { buildIdNote, writeElf } from "../support/elfwriter.ts";
import { startServer, type TestServer } from "../support/server.ts";

const id = "ab".repeat(20);
const debugFile = (buildId: string | null = id, debug = true) =>
  Buffer.from(
    writeElf({
      sections: [
        { name: ".text", flags: 6, address: 0x1000n, bytes: new Uint8Array(300_000).fill(0x90) },
        ...(debug ? [{ name: ".debug_info", bytes: new Uint8Array(16) }] : []),
        ...(buildId === null ? [] : [{ name: ".note.gnu.build-id", type: 7, bytes: buildIdNote(buildId) }]),
      ],
    }),
  );
const file = debugFile();

let home: string;
let server: TestServer;
let notes: string[];
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "oopscope-debuginfod-"));
  notes = [];
  server = await startServer((_request, response) => response.writeHead(404).end());
});
afterEach(async () => {
  await server.close();
  rmSync(home, { recursive: true });
});

const options = (more: Partial<DebuginfodOptions> = {}): DebuginfodOptions => ({ urls: [server.url], cache: join(home, "client"), parts: join(home, "symbols"), timeout: 1, largest: 1e9, onNote: (text) => notes.push(text), ...more });
const fetchIt = (more: Partial<DebuginfodOptions> = {}) => fetchDebuginfo(id, "vmlinux 6.1", options(more));
/** Everything that is left on the disk. */
const left = () => readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).replace(`${home}/`, "")).sort();
const plain = (text: string) => text.replaceAll(server.url, "URL");
const whole: RequestListener = (_request, response) => void response.writeHead(200, { "content-length": file.length }).end(file);

describe("a server that has it", () => {
  test("into the cache that debuginfod's own client uses; the second time without asking", async () => {
    server.answer = whole;
    const steps: string[] = [];
    const path = await fetchIt({ onProgress: ({ what, done, total }) => steps.push(`${what} ${done === file.length} ${total}`) });
    expect(path).toBe(join(home, "client", id, "debuginfo"));
    expect(readFileSync(path).equals(file)).toBe(true);
    expect([steps[0], steps.at(-1)]).toEqual([`vmlinux 6.1 false ${file.length}`, `vmlinux 6.1 true ${file.length}`]);
    expect(await fetchIt()).toBe(path);
    expect(server.asked).toEqual([`GET /buildid/${id}/debuginfo`]);
    expect(left()).toEqual([`client/${id}/debuginfo`]);
  });

  test("the mark that debuginfod's client leaves for a file that nobody had is no file", async () => {
    server.answer = whole;
    mkdirSync(join(home, "client", id), { recursive: true });
    writeFileSync(join(home, "client", id, "debuginfo"), "");
    expect(readFileSync(await fetchIt()).equals(file)).toBe(true);
  });

  test("after one that has not, one that is not there, and a redirect; a slash at the end of an address does no harm", async () => {
    server.answer = (request, response) => {
      if (request.url!.startsWith("/moved/")) response.writeHead(302, { location: `/found/${id}` }).end();
      else if (request.url!.startsWith("/found/")) whole(request, response);
      else response.writeHead(404).end();
    };
    await fetchIt({ urls: ["http://127.0.0.1:1", server.url, `${server.url}/moved/`] });
    expect(server.asked).toEqual([`GET /buildid/${id}/debuginfo`, `GET /moved/buildid/${id}/debuginfo`, `GET /found/${id}`]);
  });

  test("two at once: one fetches, the other waits", async () => {
    server.answer = (request, response) => void setTimeout(() => whole(request, response), 150);
    const [one, other] = await Promise.all([fetchIt(), fetchIt()]);
    expect(one).toBe(other);
    expect(server.asked).toHaveLength(1);
    expect(notes).toEqual([`process ${process.pid} is fetching the debug file of vmlinux 6.1 already; waiting for it`]);
    expect(left()).toEqual([`client/${id}/debuginfo`]);
  });

  test("in chunks, with the size that debuginfod announces itself", async () => {
    server.answer = (_request, response) => {
      response.writeHead(200, { "x-debuginfod-size": file.length });
      response.write(file.subarray(0, 1000));
      response.end(file.subarray(1000));
    };
    expect(readFileSync(await fetchIt()).equals(file)).toBe(true);
  });
});

describe("a download that breaks", () => {
  const breaking = (at: number): RequestListener => (request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const headers = { etag: '"one"', "content-length": file.length - from };
    if (from > 0) response.writeHead(206, { ...headers, "content-range": `bytes ${from}-${file.length - 1}/${file.length}` });
    else response.writeHead(200, headers);
    if (from < at) response.write(file.subarray(from, at), () => setTimeout(() => response.destroy(), 20));
    else response.end(file.subarray(from));
  };

  test("goes on from there, with the same file", async () => {
    server.answer = breaking(100_000);
    expect(readFileSync(await fetchIt()).equals(file)).toBe(true);
    expect(server.asked).toEqual([`GET /buildid/${id}/debuginfo`, `GET /buildid/${id}/debuginfo bytes=100000-`]);
    expect(notes.map(plain)).toEqual([`URL/buildid/${id}/debuginfo: the server broke off; going on at 0.1 MB`]);
    expect(left()).toEqual([`client/${id}/debuginfo`]);
  });

  test("also the next time, if the server was gone", async () => {
    let gone = false;
    server.answer = (request, response) => {
      if (gone) response.destroy();
      else breaking(100_000)(request, response);
      gone = true;
    };
    await expect(fetchIt()).rejects.toMatchObject({ code: "unreachable" });
    expect(left()).toEqual([`symbols/.partial/${id}`, `symbols/.partial/${id}.from`]);
    server.answer = breaking(0);
    expect(readFileSync(await fetchIt()).equals(file)).toBe(true);
    expect(server.asked.at(-1)).toBe(`GET /buildid/${id}/debuginfo bytes=100000-`);
  });

  test("begins anew where the server has another file now, or cannot go on", async () => {
    server.answer = (request, response) => (request.headers.range === undefined ? breaking(100_000) : whole)(request, response);
    expect(readFileSync(await fetchIt()).equals(file)).toBe(true);
  });

  test("is not taken for whole where the server does not say what it went on from", async () => {
    server.answer = (request, response) => {
      if (request.headers.range === undefined) breaking(100_000)(request, response);
      else response.writeHead(206, { "content-range": `bytes 5-${file.length - 1}/${file.length}` }).end(file.subarray(5));
    };
    await expect(fetchIt()).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining(`bytes from 100000 on were asked for, and it sends bytes 5-${file.length - 1}/${file.length}`) as string });
    expect(left()).toEqual([]);
  });

  test("from a server that cannot resume: the error, and nothing that counts", async () => {
    server.answer = (_request, response) => {
      response.writeHead(200, { "content-length": file.length });
      response.write(file.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
    };
    await expect(fetchIt()).rejects.toMatchObject({ code: "unreachable" });
    expect(existsSync(join(home, "client", id, "debuginfo"))).toBe(false);
  });
});

describe("a hostile server", () => {
  const cases: Record<string, { answer: RequestListener; more?: Partial<DebuginfodOptions>; message: string }> = {
    "says 404": { answer: (_q, r) => void r.writeHead(404).end(), message: "U: it has no such file (404)" },
    "is broken": { answer: (_q, r) => void r.writeHead(503).end("later"), message: "U: it answers with status 503" },
    "sends a page": { answer: (_q, r) => void r.writeHead(200).end("<html><body>Please log in</body></html>"), message: "U: it sends a page of HTML or XML instead of an ELF file" },
    "sends nothing": { answer: (_q, r) => void r.writeHead(200).end(), message: "U: it sends nothing instead of an ELF file" },
    "sends a text": { answer: (_q, r) => void r.writeHead(200).end("not found"), message: "U: it sends what begins with 6e6f7420 instead of an ELF file" },
    "sends another build": { answer: (_q, r) => void r.writeHead(200).end(debugFile("cd".repeat(20))), message: `U: it sent a file with the build id ${"cd".repeat(20)} for ${id}` },
    "sends a file without a build id": { answer: (_q, r) => void r.writeHead(200).end(debugFile(null)), message: `U: it sent a file with no build id for ${id}` },
    "sends the stripped file": { answer: (_q, r) => void r.writeHead(200).end(debugFile(id, false)), message: "U: what it sent has no debug information" },
    "sends half of a file as a whole": { answer: (_q, r) => void r.writeHead(200).end(file.subarray(0, file.length / 2)), message: "U: what it sent is damaged: the file: " },
    "says less than it sends": { answer: (_q, r) => void r.writeHead(200, { "x-debuginfod-size": 1000 }).end(file), message: `U: ${file.length} bytes came where 1000 were announced` },
    "says more than it sends": { answer: (_q, r) => void r.writeHead(200, { "x-debuginfod-size": 1e6, "transfer-encoding": "chunked" }).end(file), message: `U: ${file.length} bytes came where 1000000 were announced` },
    "breaks off": { answer: (_q, r) => void r.writeHead(200, { "content-length": file.length }).write(file.subarray(0, 1000), () => setTimeout(() => r.destroy(), 20)), message: "U: the server broke off" },
    "never answers": { answer: () => {}, more: { timeout: 0.2 }, message: "U: no answer within 0.2 s" },
    "stalls": { answer: (_q, r) => void r.writeHead(200, { "content-length": file.length }).write(file.subarray(0, 1000)), more: { timeout: 0.2 }, message: "U: it stalls: 1000 bytes in 0.2 s" },
    "trickles": {
      answer: (_q, r) => {
        r.writeHead(200);
        r.write(file.subarray(0, 64));
        const timer = setInterval(() => r.write("x"), 10);
        r.on("close", () => clearInterval(timer));
      },
      more: { timeout: 0.3 },
      message: "bytes in 0.3 s",
    },
    "redirects in a circle": { answer: (q, r) => void r.writeHead(302, { location: q.url === "/a" ? "/b" : "/a" }).end(), message: "it redirects in a circle" },
    "redirects for ever": { answer: (q, r) => void r.writeHead(302, { location: `${q.url}x` }).end(), message: "more than 5 redirects" },
    "redirects to a local file": { answer: (_q, r) => void r.writeHead(302, { location: "file:///etc/passwd" }).end(), message: "U: it redirects to a local file" },
    "redirects to nonsense": { answer: (_q, r) => void r.writeHead(302, { location: "gopher://x/" }).end(), message: "addresses of the kind gopher: are not read" },
    "announces more than the limit": { answer: whole, more: { largest: 1000 }, message: `U: the file has ${file.length} bytes, the limit is 1000 (DEBUGINFOD_MAXSIZE)` },
    "sends more than the limit": { answer: (_q, r) => void r.writeHead(200).end(file), more: { largest: 1000 }, message: "U: more than 1000 bytes came, the limit (DEBUGINFOD_MAXSIZE)" },
    "answers with what is no HTTP": { answer: (_q, r) => void r.socket!.end("\x7fELF\x02\x01\x01"), message: "U: Parse Error" },
  };

  test.each(Object.keys(cases))("%s", async (name) => {
    const { answer, more, message } = cases[name]!;
    server.answer = answer;
    const error = (await fetchIt(more).catch((thrown: unknown) => thrown)) as Error & { code: string };
    expect({ code: error.code, message: plain(error.message) }).toEqual({ code: "unreachable", message: expect.stringContaining(message.replace(/^U:/, `no debug file of vmlinux 6.1 (build id ${id}): URL/buildid/${id}/debuginfo:`)) as string });
    expect(existsSync(join(home, "client"))).toBe(false);
    expect(left().filter((path) => path.includes(".locks"))).toEqual([]);
  });
});

test("an abort ends it at once, and leaves nothing that counts", async () => {
  server.answer = (_request, response) => void response.writeHead(200, { "content-length": file.length }).write(file.subarray(0, 1000));
  const controller = new AbortController();
  const fetching = fetchIt({ signal: controller.signal, timeout: 60, onProgress: ({ done }) => done > 0 && controller.abort(new Error("enough")) });
  await expect(fetching).rejects.toThrow("enough");
  expect(existsSync(join(home, "client"))).toBe(false);
  expect(left().filter((path) => path.includes(".locks"))).toEqual([]);
});

test("what is asked wrongly", async () => {
  await expect(fetchDebuginfo("../../etc", "x", options())).rejects.toMatchObject({ code: "bad-argument" });
  await expect(fetchIt({ urls: [] })).rejects.toMatchObject({ code: "bad-argument", message: "no server of debuginfod is named: DEBUGINFOD_URLS is empty" });
  await expect(fetchIt({ urls: ["nonsense"] })).rejects.toMatchObject({ message: expect.stringContaining('is not an address like https://HOST/PATH') as string });
});

test("passwords of addresses are not shown", async () => {
  const secret = server.url.replace("http://", "http://user:secret@");
  await expect(fetchIt({ urls: [secret] })).rejects.toMatchObject({ message: expect.not.stringContaining("secret") as string });
});

test("the environment is read as debuginfod's own client reads it", () => {
  const { urls, cache, parts, timeout, largest } = debuginfodOptions({ HOME: home, DEBUGINFOD_URLS: " http://a  https://b/x ", DEBUGINFOD_TIMEOUT: "7", DEBUGINFOD_MAXSIZE: "1000", XDG_CACHE_HOME: "/c" });
  expect({ urls, cache, parts, timeout, largest }).toEqual({ urls: ["http://a", "https://b/x"], cache: "/c/debuginfod_client", parts: "/c/oopscope/symbols", timeout: 7, largest: 1000 });
  expect(debuginfodOptions({ HOME: home, DEBUGINFOD_URLS: "", DEBUGINFOD_TIMEOUT: "x" })).toMatchObject({ urls: [], cache: `${home}/.cache/debuginfod_client`, timeout: 90, largest: 4e9 });
  mkdirSync(join(home, ".debuginfod_client_cache"));
  expect(debuginfodOptions({ HOME: home }).cache).toBe(join(home, ".debuginfod_client_cache"));
  expect(debuginfodOptions({ HOME: home, DEBUGINFOD_CACHE_PATH: "/d" }).cache).toBe("/d");
});

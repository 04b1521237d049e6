import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

/** Compares a whole text with the file at `url`; UPDATE_GOLDENS=1 writes the file instead: read it before committing. */
export function expectGolden(text: string, url: URL): void {
  const path = fileURLToPath(url);
  if (process.env["UPDATE_GOLDENS"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(existsSync(path), `${path} is missing: UPDATE_GOLDENS=1 writes it`).toBe(true);
  expect(text).toBe(readFileSync(path, "utf8"));
}

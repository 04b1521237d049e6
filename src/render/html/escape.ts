import { visible } from "../escape.ts";

/** HTML, told from text by its class, so that neither can be mistaken for the other. */
export class Html {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** A template of our own HTML. Texts that are put in are escaped, for elements and for quoted attributes; HTML stays as it is; null is nothing. */
export function html(template: TemplateStringsArray, ...values: readonly (string | number | Html | null)[]): Html {
  return new Html(template.map((part, index) => part + (index < values.length ? shown(values[index]!) : "")).join(""));
}

export function joined(parts: readonly Html[], between = ""): Html {
  return new Html(parts.map(({ source }) => source).join(between));
}

function shown(value: string | number | Html | null): string {
  return value === null ? "" : value instanceof Html ? value.source : typeof value === "number" ? String(value) : escaped(value);
}

function escaped(text: string): string {
  return visible(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

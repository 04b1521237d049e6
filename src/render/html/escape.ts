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

/** Several lines of text. */
export function lined(text: string): Html {
  return joined(text.split("\n").map((line) => html`${line}`), "\n");
}

export function joined(parts: readonly Html[], between = ""): Html {
  return new Html(parts.map(({ source }) => source).join(between));
}

/** A sentence with back-ticked names. */
export function inlineCode(text: string): Html {
  const parts = text.split("`");
  if (parts.length % 2 === 0) return html`${text}`;
  return joined(parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`)));
}

function shown(value: string | number | Html | null): string {
  return value === null ? "" : value instanceof Html ? value.source : typeof value === "number" ? String(value) : escaped(value);
}

function escaped(text: string): string {
  return visible(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

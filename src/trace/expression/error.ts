import { OopscopeError } from "../../base/index.ts";

/** A part of an expression's text: from its first letter to behind its last, counted in UTF-16 units. */
export type Span = { readonly from: number; readonly to: number };

/** What is wrong with an expression, and where. `code` is `bad-argument`. */
export class ExpressionError extends OopscopeError {
  readonly expression: string;
  readonly span: Span;

  constructor(expression: string, span: Span, what: string) {
    super("bad-argument", `\`${expression}\`: ${what}`, { expression, from: span.from, to: span.to });
    this.name = "ExpressionError";
    this.expression = expression;
    this.span = span;
  }

  /** The expression, and carets under the place. The text is the user's own, and not escaped. */
  get lines(): readonly [text: string, carets: string] {
    const { from, to } = this.span;
    return [this.expression.replaceAll(/\s/g, " "), `${" ".repeat(from)}${"^".repeat(Math.max(1, to - from))}`];
  }
}

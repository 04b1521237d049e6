const entity = /&(?:(lt|gt|amp|quot|apos|nbsp)|#(\d{1,4})|#x([0-9a-fA-F]{1,4}));/g;
const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", nbsp: " " };

/** A line of a page's source as the page shows it: `&lt;TASK&gt;`. Entities beyond ASCII stay. */
export function unescapeHtml(text: string): string {
  if (!text.includes("&") || !text.includes(";")) return text;
  return text.replace(entity, (whole, name: string | undefined, decimal: string | undefined, hexadecimal: string | undefined) => {
    if (name !== undefined) return named[name]!;
    const code = decimal === undefined ? parseInt(hexadecimal!, 16) : Number(decimal);
    return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : whole;
  });
}

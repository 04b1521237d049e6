/** Control characters as `\xNN`, so that text from a log or a file cannot command a terminal. Tabs stay. */
export function visible(text: string): string {
   
  return text.replaceAll(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

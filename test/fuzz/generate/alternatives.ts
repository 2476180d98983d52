/** What `text` names, between bars: long lists stay readable. */
export function alternatives(text: string): string[] {
  return text.split("|");
}

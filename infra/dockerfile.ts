import { mirrored, type Mirrors } from "./mirrors";

/** FROM, with what stands before and after its image. */
const FROM = /^(\s*FROM\s+(?:--platform=(\S+)\s+)?)(\S+)((?:\s+AS\s+(\S+))?.*)$/i;
const COPY_FROM = /^(\s*(?:COPY|ADD)\s.*--from=)(\S+)(.*)$/i;
const ARGUMENT = /^(\s*ARG\s+(\w+)=["']?)([^\s"']+)(.*)$/i;
const SYNTAX = /^(#\s*syntax\s*=\s*)(\S+)(.*)$/i;
const VARIABLE = /^\$\{?(\w+)/;
/** A word of RUN, COPY or ADD: neither `<<<` nor a shift in an expression. */
const HEREDOC = /(?<=\s)\d*<<-?["']?([A-Za-z_]\w*)/g;
const TAKES_HEREDOC = /^\s*(?:RUN|COPY|ADD)\s/i;
const COMMENT = /^\s*#/;
const MOUNT_FROM = /^(\s*RUN\s.*--mount=\S*\bfrom=)([^\s,]+)(.*)$/i;

/** The Dockerfile with its images pulled from mirrors: base images, those that files are copied from, and the builder's frontend. */
export function mirrorDockerfile(text: string, mirrors: Mirrors): string {
  const lines = instructionsOf(text);
  const froms = lines.flatMap(({ line, starts }) => (starts ? (FROM.exec(line) ?? []) : []));
  // FROM $BASE takes what an ARG before the first FROM says.
  const variables = new Set(froms.flatMap((part) => VARIABLE.exec(part)?.[1] ?? []));
  const stages = new Set(["scratch"]);
  let beforeFrom = true;
  const rewritten = lines.map(({ line, starts }, index) => {
    const put = (pattern: RegExp, image: number) =>
      line.replace(pattern, (...match: string[]) => {
        const reference = match[image] ?? "";
        const known = stages.has(reference.toLowerCase()) || /^[$\d]/.test(reference);
        return `${match[1] ?? ""}${known ? reference : mirrored(reference, mirrors)}${match[image + 1] ?? ""}`;
      });
    if (index === 0 && SYNTAX.test(line)) return put(SYNTAX, 2);
    if (!starts) return line;
    const from = FROM.exec(line);
    if (from !== null) {
      const changed = put(FROM, 3);
      beforeFrom = false;
      if (from[5] !== undefined) stages.add(from[5].toLowerCase());
      return changed;
    }
    const argument = ARGUMENT.exec(line);
    if (argument !== null && beforeFrom && variables.has(argument[2] ?? ""))
      return put(ARGUMENT, 3);
    return MOUNT_FROM.test(line) ? put(MOUNT_FROM, 2) : put(COPY_FROM, 2);
  });
  return rewritten.join("\n");
}

/** What the last FROM asks for in so many words, e.g. linux/arm64; undefined where the builder chooses. */
export function pinnedPlatform(text: string): string | undefined {
  const platforms = instructionsOf(text).flatMap(({ line, starts }) => {
    const from = starts ? FROM.exec(line) : null;
    return from === null ? [] : [from[2]];
  });
  const last = platforms.at(-1);
  // A variant is told apart by no node: linux/arm64/v8.
  return last?.startsWith("$") === true ? undefined : last?.split("/").slice(0, 2).join("/");
}

/** Lines, and whether one starts an instruction: neither a continuation nor within a here-document. */
function instructionsOf(text: string): { line: string; starts: boolean }[] {
  let continued = false;
  let takesHeredoc = false;
  let until: string[] = [];
  return text.split("\n").map((line) => {
    const starts = !continued && until.length === 0;
    if (starts) takesHeredoc = TAKES_HEREDOC.test(line);
    if (until.length > 0) {
      if (line.trim() === until[0]) until = until.slice(1);
    } else {
      if (takesHeredoc && !COMMENT.test(line))
        until = [...line.matchAll(HEREDOC)].map(([, word = ""]) => word);
      continued = /\\\s*$/.test(line) || (continued && /^\s*(?:#.*)?$/.test(line));
    }
    return { line, starts };
  });
}

import { clauseList, count } from '../common/sentences.ts';
import type { TreeSummary, Verification, VerifyMode } from './mover-types.ts';
import { MAX_ENTRIES } from './verify-pod.ts';

/** What one verification pod found. */
export interface Tree extends TreeSummary {
  readonly links: number;
  readonly dirs: number;
  /** Digest over the symbolic links and where they point. */
  readonly targets: string | undefined;
  /** The first symbolic links as `name -> target`. */
  readonly pointers: ReadonlySet<string>;
  /** Digest over all paths and sizes. */
  readonly listing: string;
  /** Digest over the checksums of all files that were hashed; undefined when only sizes were asked for. */
  readonly content: string | undefined;
  readonly hashed: number;
  /** The first paths in order, with size and checksum where known. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Messages about what could not be read, the first few, and how many there are. */
  readonly errors: readonly string[];
  readonly errorCount: number;
}

interface Entry {
  readonly size: number;
  readonly sum?: string | undefined;
}

const DIGEST = /^[0-9a-f]{64}$/;
const NUMBERS = ['files', 'bytes', 'links', 'dirs', 'hashed', 'errors'] as const;

/**
 * Reads the log of a verification pod. Returns undefined when the log is not complete (the pod was ended, the log
 * was rotated away).
 */
export const parseVerification = (log: string): Tree | undefined => {
  const lines = log.split('\n');
  const begin = lines.indexOf('dr-syncer-verify 1 begin');
  const end = lines.lastIndexOf('dr-syncer-verify 1 end');
  if (begin < 0 || end < begin) return undefined;
  const words = new Map<string, string>();
  const entries = new Map<string, Entry>();
  const errors: string[] = [];
  const pointers = new Set<string>();
  let sized = 0;
  for (const line of lines.slice(begin + 1, end)) {
    const [word = '', value = ''] = line.split(' ', 2);
    const rest = line.slice(word.length + value.length + 2);
    if (word === 'size') {
      sized++;
      entries.set(rest, { ...entries.get(rest), size: Number(value) });
    } else if (word === 'sum') entries.set(rest, { size: entries.get(rest)?.size ?? Number.NaN, sum: value });
    else if (word === 'link') pointers.add(line.slice('link '.length));
    else if (word === 'error') errors.push(line.slice('error '.length));
    else words.set(word, value);
  }
  const numbers = Object.fromEntries(NUMBERS.map((name) => [name, Number(words.get(name) ?? 0)]));
  const listing = words.get('listing');
  const files = numbers['files'];
  if (!DIGEST.test(listing ?? '') || listing === undefined || files === undefined) return undefined;
  // A count that does not fit its lines means that lines are missing from the log.
  if (sized !== Math.min(files, MAX_ENTRIES)) return undefined;
  return {
    files,
    bytes: numbers['bytes'] ?? 0,
    links: numbers['links'] ?? 0,
    dirs: numbers['dirs'] ?? 0,
    hashed: numbers['hashed'] ?? 0,
    targets: words.get('targets'),
    pointers,
    listing,
    content: words.get('content'),
    entries,
    errors,
    errorCount: numbers['errors'] ?? 0,
  };
};

/** Differences named in a report. */
const MAX_NAMED = 20;

/**
 * Compares what both sides hold. Files that only the destination has count as a difference only where the copy was
 * to delete them. `unknown` when a side could not be read in full, or when the digests differ and the paths that
 * were printed do not show where. Pure.
 */
export const compareTrees = (
  mode: Exclude<VerifyMode, 'none'>,
  source: Tree,
  dest: Tree,
  options: { readonly deleteExtraneous: boolean; readonly runAsUser?: number },
): Verification => {
  const base = { mode, source: summary(source), dest: summary(dest) };
  for (const [side, tree] of [['source', source] as const, ['destination', dest] as const]) {
    if (tree.errorCount > 0) {
      const what = count(tree.errorCount, 'file or folder', 'files or folders');
      const reason = `${what} could not be read at the ${side}: ${clauseList(tree.errors)}${adviceFor(options.runAsUser)}`;
      return { ...base, outcome: 'unknown', reason, differences: [] };
    }
  }
  const isSame =
    source.listing === dest.listing &&
    source.content === dest.content &&
    source.links === dest.links &&
    source.targets === dest.targets &&
    source.dirs === dest.dirs;
  if (isSame) return { ...base, outcome: 'equal', differences: [] };
  const found = differencesOf(source, dest, options.deleteExtraneous);
  // With extra files allowed, digests always differ, and only the paths tell.
  const isCertain =
    options.deleteExtraneous ||
    (source.listing === dest.listing && source.links <= dest.links && source.targets === dest.targets);
  const isWhole = [source, dest].every((tree) => tree.files <= MAX_ENTRIES && tree.links <= MAX_ENTRIES);
  if (found.length === 0 && !isCertain) {
    if (isWhole) return { ...base, outcome: 'equal', differences: [] };
    const reason = `both sides agree in the first ${MAX_ENTRIES} paths; the others were not compared one by one`;
    return { ...base, outcome: 'unknown', reason, differences: [] };
  }
  const differences = found.length > 0 ? found : [`a path after the first ${MAX_ENTRIES} differs`];
  const more = differences.length > MAX_NAMED ? `, the first ${MAX_NAMED} are listed` : '';
  return {
    ...base,
    outcome: 'different',
    reason: `source ${text(source)}, destination ${text(dest)}; ${count(differences.length, 'difference')} found${more}: ${clauseList(differences, 3)}`,
    differences: differences.slice(0, MAX_NAMED),
  };
};

// Databases let nobody but themselves into their volumes.
const adviceFor = (user: number | undefined): string =>
  user === undefined || user === 0
    ? ''
    : `. The verification ran as user ${user}; choose one that can read everything with --verify-run-as-user (the owner of the files, or 0), also for a resume`;

const summary = (tree: Tree): TreeSummary => ({ files: tree.files, bytes: tree.bytes });

const text = (tree: Tree): string => `${tree.files} files with ${tree.bytes} bytes`;

const differencesOf = (source: Tree, dest: Tree, isExtraWrong: boolean): string[] => {
  const last = (tree: Tree): string | undefined =>
    tree.files > MAX_ENTRIES ? [...tree.entries.keys()].at(-1) : undefined;
  // Where a side was cut off, nothing can be said about paths behind its last one.
  const ends = [last(source), last(dest)].filter((path) => path !== undefined);
  const isKnown = (path: string): boolean => ends.every((end) => path <= end);
  const found: string[] = [];
  for (const [path, entry] of source.entries) {
    const other = dest.entries.get(path);
    if (!isKnown(path)) continue;
    if (other === undefined) found.push(`${path} is missing at the destination`);
    else if (!Object.is(entry.size, other.size))
      found.push(`${path} has ${entry.size} bytes at the source, ${other.size} at the destination`);
    else if (entry.sum !== undefined && other.sum !== undefined && entry.sum !== other.sum)
      found.push(`${path} has different content at the destination`);
  }
  if (isExtraWrong) {
    for (const path of dest.entries.keys()) {
      if (isKnown(path) && !source.entries.has(path)) found.push(`${path} is only at the destination`);
    }
  }
  if (source.links > dest.links || (isExtraWrong && source.links !== dest.links))
    found.push(`symbolic links: ${source.links} at the source, ${dest.links} at the destination`);
  if (source.targets !== dest.targets && source.links === dest.links) {
    for (const pointer of source.pointers)
      if (!dest.pointers.has(pointer))
        found.push(`symbolic link ${pointer} points elsewhere at the destination`);
  }
  if (source.dirs > dest.dirs || (isExtraWrong && source.dirs !== dest.dirs))
    found.push(`folders: ${source.dirs} at the source, ${dest.dirs} at the destination`);
  return found;
};

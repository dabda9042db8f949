import { PREFIX } from '../../common/annotations.ts';
import { nameList } from '../../common/sentences.ts';
import type { Json, KubeObject } from '../../kube/api-types.ts';
import { groupKind } from '../../kube/object-names.ts';
import { isObject, setOwn } from '../../kube/raw-json.ts';
import type { Transform, TransformInput } from '../pipeline-types.ts';
import type { DnsNames } from './support/dns-name-pattern.ts';
import { dnsNames as finderFor } from './support/dns-name-pattern.ts';
import type { Step } from './support/field-paths.ts';
import { childOf, pathText } from './support/field-paths.ts';
import { renamedNamespaces } from './support/map-namespaces.ts';
import { decodeText, encodeText } from './support/secret-text.ts';

// Labels and selectors are compared, never resolved; binary data is not text.
const NOT_SEARCHED: ReadonlySet<string> = new Set([
  'labels',
  'matchLabels',
  'nodeSelector',
  'selector',
  'binaryData',
]);

const SHOWN_NAMES = 3;

interface Search {
  readonly full: DnsNames;
  readonly bare: DnsNames;
  readonly secret: boolean;
  readonly input: TransformInput;
}

/**
 * Looks through every text of an object for DNS names of Services in a namespace that is called differently at the
 * destination. Says where they are, or moves them when the user asked for it. Of a Secret only the path is said.
 */
export const dnsNames: Transform = {
  name: 'dns-names',
  rules: ['T80', 'T41'],
  apply(draft, input) {
    const namespaces = renamedNamespaces(input.context);
    const full = finderFor(namespaces, { bare: false });
    const bare = finderFor(namespaces, { bare: true });
    if (full === undefined || bare === undefined) return;
    const search: Search = { full, bare, secret: groupKind(draft) === 'Secret', input };
    for (const steps of rootsOf(draft)) {
      const parent = steps.length === 2 ? draft.metadata : draft;
      const key = steps.at(-1) ?? '';
      const value = childOf(parent, key);
      if (value !== undefined) setOwn(parent, key, rewritten(value, steps, search));
    }
  },
};

const rootsOf = (draft: KubeObject): string[][] => [
  ['metadata', 'annotations'],
  ...Object.keys(draft)
    .filter((field) => !['apiVersion', 'kind', 'metadata'].includes(field) && !NOT_SEARCHED.has(field))
    .map((field) => [field]),
];

/** The value with its names moved, or the very same value when there is nothing to move. */
const rewritten = (value: Json, steps: readonly Step[], search: Search): Json => {
  if (typeof value === 'string') return rewrittenText(value, steps, search);
  if (Array.isArray(value)) return value.map((item, index) => rewritten(item, [...steps, index], search));
  if (!isObject(value)) return value;
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || key.startsWith(PREFIX) || (isObject(item) && NOT_SEARCHED.has(key))) continue;
    setOwn(value, key, rewritten(item, [...steps, key], search));
  }
  return value;
};

const rewrittenText = (text: string, steps: readonly Step[], search: Search): string => {
  const encoded = search.secret && steps[0] === 'data';
  const content = encoded ? decodeText(text) : text;
  if (content === undefined) return text;
  const names = isConfiguration(steps, search.input.source) ? search.bare : search.full;
  const found = names.find(content);
  if (found.length === 0) return text;
  const rewrite = search.input.context.rewriteDns;
  search.input.note({
    level: rewrite ? 'info' : 'warn',
    path: pathText(steps),
    message: messageFor(search.secret ? [] : found, rewrite, search.input),
  });
  if (!rewrite) return text;
  return encoded ? encodeText(names.replace(content)) : names.replace(content);
};

/** Whether a text is configuration of a program, where a short host name is likely. */
const isConfiguration = (steps: readonly Step[], source: KubeObject): boolean => {
  const [root] = steps;
  if (root === 'data') return ['ConfigMap', 'Secret'].includes(groupKind(source));
  const field = steps.findLast((step) => typeof step === 'string');
  const inContainer = steps.some(
    (step) => typeof step === 'string' && /^(initC|ephemeralC|c)ontainers$/.test(step),
  );
  return (
    inContainer && (field === 'args' || field === 'command' || (field === 'value' && steps.includes('env')))
  );
};

const messageFor = (names: readonly string[], rewrite: boolean, { context }: TransformInput): string => {
  const shown = nameList(names, SHOWN_NAMES);
  const what = names.length === 0 ? 'DNS names' : `the DNS name${names.length > 1 ? 's' : ''} ${shown}`;
  const renamed = [...renamedNamespaces(context)].map(([from, to]) => `${from} is called ${to}`).join(', ');
  return rewrite
    ? `Rewrote ${what} in this text, since at the destination ${renamed}.`
    : `This text holds ${what}, but at the destination ${renamed}. Change the text, or use --rewrite-dns.`;
};

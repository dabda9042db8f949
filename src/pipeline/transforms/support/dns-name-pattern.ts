/** Finds and replaces the DNS names of Services in renamed namespaces. */
export interface DnsNames {
  /** The names found in a text, each once, in order: `db.shop.svc.cluster.local`. */
  find(text: string): string[];
  /** The text with every such name moved to its destination namespace. */
  replace(text: string): string;
}

// Repeats are bounded to what DNS allows, which keeps the search linear in the length of the text.
const LABEL = '[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?';
const POD = '(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?-\\d{1,9}\\.)?';
const NO_LABEL_CHARACTER = '(?![\\w-])';
const KEY = '["\']?[\\w.-]{1,253}["\']?';
const BLANKS = '[ \\t]{0,64}';

// `<service>.<namespace>` alone looks like a file name, a class member or a public host. It counts only between
// such neighbours: [what comes before the service, what comes after the namespace].
const BARE_NEIGHBOURS: readonly (readonly [string, string])[] = [
  // A URL, or a user before a host: http://web.shop/, postgres://me:pw@db.shop:5432/db.
  ['(?://|@)', '(?=[:/?\\s"\'`,;)\\]}<>&]|$)'],
  // A host and a port: db.shop:5432.
  ['(?:^|[\\s"\'`=,>])', '(?=:\\d)'],
  // A whole value, or the whole value of a line: DB_HOST=db.shop, host: db.shop, --db-host=db.shop.
  [`(?:^(?:export[ \\t])?[ \\t-]{0,64}(?:${KEY}(?:=|[ \\t]?:[ \\t]))?["']?)`, '(?=["\']?[ \\t\\r]{0,64}$)'],
  // A quoted value: "host": "db.shop", host = 'db.shop'.
  [`${KEY}${BLANKS}[:=]${BLANKS}["']`, '(?=["\'])'],
  // An option, or a command with a port: -h db.shop, nc -z db.shop 5432.
  ['(?:(?:^|\\s)--?[a-z][\\w-]{0,62}[ \\t=])', '(?=[\\s;|&"\']|$)'],
  ['(?:^|\\s)', '(?=[ \\t]\\d{2,5}\\b)'],
];

/**
 * A finder for the namespaces given (source -> destination), or undefined when there are none. It knows
 * `<name>.<namespace>.svc` with or without a cluster domain and, with `bare`, also `<service>.<namespace>` in
 * places where that is all but certainly a host. Only whole DNS labels count. Forms after
 * https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/.
 */
export const dnsNames = (
  namespaces: ReadonlyMap<string, string>,
  options: { readonly bare: boolean },
): DnsNames | undefined => {
  if (namespaces.size === 0) return undefined;
  const namespace = `(?:${[...namespaces.keys()].map(escaped).join('|')})`;
  const forms = [
    `(?<=\\.)${namespace}(?=\\.svc${NO_LABEL_CHARACTER})`,
    // The search domain itself, which has no Service in front.
    `(?<![\\w.-])${namespace}(?=\\.svc\\.[a-z0-9])`,
    ...(options.bare
      ? BARE_NEIGHBOURS.map(([before, after]) => `(?<=${before}${POD}${LABEL}\\.)${namespace}${after}`)
      : []),
  ];
  // The namespace is looked for first: it is rare, and what stands before it is costly to match.
  const pattern = new RegExp(`(?=${namespace}${NO_LABEL_CHARACTER})(?:${forms.join('|')})`, 'gm');
  return {
    find: (text) => [...new Set([...text.matchAll(pattern)].map((match) => nameAround(text, match.index)))],
    replace: (text) => text.replace(pattern, (name) => namespaces.get(name) ?? name),
  };
};

const nameAround = (text: string, index: number): string => {
  const before = /[A-Za-z0-9.*-]*$/.exec(text.slice(Math.max(0, index - 253), index))?.[0] ?? '';
  const after = /^[A-Za-z0-9.-]*/.exec(text.slice(index, index + 253))?.[0] ?? '';
  return (before + after).replace(/^[.-]+|[.-]+$/g, '');
};

const escaped = (text: string): string => text.replace(/[^\w-]/g, '\\$&');

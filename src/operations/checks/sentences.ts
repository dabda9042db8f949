/** `a`, `a and b`, `a, b and c`; beyond `most` names `a, b, c and 4 more`. Each name once, in the order given. */
export const nameList = (names: readonly string[], most = 5): string => {
  const unique = [...new Set(names)];
  const shown = unique.length > most + 1 ? unique.slice(0, most) : unique;
  const rest = unique.length - shown.length;
  const parts = rest > 0 ? [...shown, `${rest} more`] : shown;
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
};

/** Something that is named, and the thing that names it: `high`, `Deployment web`. */
export interface Use {
  readonly name: string;
  readonly user: string;
}

/** The users of each name, by name in alphabetical order. */
export const usersByName = (uses: readonly Use[]): [string, string[]][] => {
  const users = new Map<string, string[]>();
  for (const { name, user } of uses) users.set(name, [...(users.get(name) ?? []), user]);
  return [...users].sort(([a], [b]) => (a < b ? -1 : 1));
};

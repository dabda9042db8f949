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

const AND = new Intl.ListFormat('en-GB', { type: 'conjunction' });

/** `a`, `a and b`, `a, b and c`; beyond `most` names `a, b, c and 4 more`. Each name once, in the order given. Pure. */
export const nameList = (names: readonly string[], most = 5): string => {
  const unique = [...new Set(names)];
  const shown = unique.length > most + 1 ? unique.slice(0, most) : unique;
  const rest = unique.length - shown.length;
  return AND.format(rest > 0 ? [...shown, `${rest} more`] : shown);
};

/**
 * Whole sentences or clauses one after the other, `; ` in between; beyond `most` of them `(and 4 more)`. For texts
 * that have commas of their own. Pure.
 */
export const clauseList = (clauses: readonly string[], most = 5): string => {
  const shown = clauses.length > most + 1 ? clauses.slice(0, most) : clauses;
  const rest = clauses.length - shown.length;
  return `${shown.join('; ')}${rest > 0 ? ` (and ${rest} more)` : ''}`;
};

/** `1 pod`, `0 pods`, `3 classes` (with `classes` given as the plural). Pure. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** A text as the end of a sentence: without a full stop of its own. Pure. */
export const clause = (text: string): string => text.trim().replace(/\.$/, '');

/** A duration as the custom resources have it (`1h30m`, `45s`), in ms; undefined for another text or none. Pure. */
export const durationMs = (text: string): number | undefined => {
  const found = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (found === null || text === '') return undefined;
  const [, hours = '0', minutes = '0', seconds = '0'] = found;
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return Math.min(ms, Number.MAX_SAFE_INTEGER);
};

/** The shortest text of a duration of whole seconds: 5400000 -> `1h30m`. Undefined for one with a part of a second. Pure. */
export const durationText = (ms: number): string | undefined => {
  if (!Number.isSafeInteger(ms) || ms < 0 || ms % 1000 !== 0) return undefined;
  const seconds = ms / 1000;
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return parts.map(([n, unit]) => (n === 0 ? '' : `${n}${unit}`)).join('') || '0s';
};

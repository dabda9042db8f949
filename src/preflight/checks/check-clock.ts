import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { ageText } from '../../state/time-text.ts';
import type { CheckRow } from '../preflight-types.ts';

/** Whether the clocks of the two servers and of this machine agree. */
export const checkClocks: CheckRow = {
  id: 'clock',
  passed: 'The clocks agree.',
  run: ({ input }) =>
    clockRows(
      [input.source, input.dest].flatMap((side) =>
        side === undefined
          ? []
          : [{ context: side.cluster.context, offsetMs: side.cluster.now() - input.now() }],
      ),
    ),
};

/** What there is to say of servers' clocks; offsets are ms ahead of this machine, true to about a second. Pure. */
export const clockRows = (
  clocks: readonly { readonly context: string; readonly offsetMs: number }[],
): Finding[] => {
  const offs = clocks.flatMap(({ context, offsetMs }) =>
    skewRow(`context ${context}`, offsetMs, `The clock of context ${context}`, 'of this machine'),
  );
  const [first, second] = clocks;
  if (first === undefined || second === undefined) return offs;
  const apart = skewRow(
    'clocks',
    second.offsetMs - first.offsetMs,
    `The clock of context ${second.context}`,
    `of context ${first.context}`,
  );
  return [...offs, ...apart];
};

const WARN_MS = 5000;
const STRONG_MS = 60_000;

const skewRow = (subject: string, offsetMs: number, whose: string, than: string): Finding[] => {
  const apart = Math.abs(offsetMs);
  if (apart <= WARN_MS) return [];
  const message = `${whose} is ${ageText(apart)} ${offsetMs > 0 ? 'ahead of' : 'behind'} that ${than}.`;
  const effect =
    apart > STRONG_MS
      ? ' Tokens and certificates may count as expired or not yet valid, and CronJobs run at the wrong time. dr-syncer itself uses the clocks of the servers.'
      : ' dr-syncer itself uses the clocks of the servers.';
  return [finding('clock', 'warn', subject, `${message}${effect}`, 'Correct the clock (NTP, chrony).')];
};

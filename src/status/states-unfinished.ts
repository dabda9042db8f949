import type { SideRole } from '../common/side-role.ts';
import { answers, type Found, isSilent, type StateRow, type StatusFacts } from './status-facts.ts';
import { isAhead } from './status-problems.ts';
import type { UnfinishedOperation, Way } from './status-types.ts';

const operation = ({ operation: found }: StatusFacts): UnfinishedOperation => {
  if (found === undefined) throw new TypeError('no operation is unfinished');
  return found;
};

const at = ({ step }: UnfinishedOperation): string => (step === undefined ? '' : `, at "${step}"`);

const isBusy = ({ operation: found }: StatusFacts): boolean =>
  found?.atWork === 'running' || found?.atWork === 'stalled';

const isOpen = (facts: StatusFacts): boolean => facts.operation !== undefined && !isBusy(facts);

const unfinished = (facts: StatusFacts): string => {
  const found = operation(facts);
  const what = found.isUndone ? `The rollback of a ${found.kind}` : `A ${found.kind}`;
  return `${what} is unfinished${at(found)}.`;
};

// The lock of another operator has to be asked for, even when it has expired.
const verb = (facts: StatusFacts, name: string): string =>
  facts.command(
    name,
    ...(name === 'resume' ? operation(facts).resumeWords : []),
    ...(operation(facts).atWork === 'expired' ? ['--take-over'] : []),
  );

const resume = (facts: StatusFacts): Way => ({
  when:
    operation(facts).resumeWords.length === 0
      ? 'to continue'
      : 'to continue without the hooks, checks and images of the first run (or pass them again instead of that flag)',
  command: verb(facts, 'resume'),
});
const rollback = (facts: StatusFacts): Way => ({
  when: operation(facts).isUndone ? 'to continue the rollback' : 'to roll back',
  command: verb(facts, 'rollback'),
});

const needsSource = (facts: StatusFacts): boolean => operation(facts).kind !== 'failover';

const sourceGone = (facts: StatusFacts): string =>
  `${unfinished(facts)} It needs the source, which does not answer: ${facts.source?.problem ?? ''}`;

const isRecordLost = ({ found }: StatusFacts): boolean =>
  found.dest === 'missing' || found.dest === 'damaged';

// What is said of the source's copy; of one that is there, its epoch.
const COPY: Readonly<Partial<Record<Found, string>>> = {
  missing: 'the source has no copy',
  damaged: "the source's copy is damaged",
  unread: "the source's copy could not be read",
};

/** The states in which an operation is unfinished and the destination answers; the first row that matches counts. */
export const UNFINISHED_STATES: readonly StateRow[] = [
  {
    id: 'running',
    title: 'An operation is running, as far as its lock says',
    outcome: 'partial',
    matches: ({ dest, operation: found }) => answers(dest) && found?.atWork === 'running',
    summary: (facts) => {
      const found = operation(facts);
      return `A ${found.kind} is running${at(found)} (${found.holder}).`;
    },
    unknown: 'Whether a process on another host is still running: its lock shows that within 35 seconds.',
    ways: ({ command }) => [{ when: 'to follow it', command: command('status', '--watch') }],
  },
  {
    id: 'stalled',
    title: 'The process of an operation still runs on this host, and its lock has expired',
    outcome: 'partial',
    matches: ({ dest, operation: found }) => answers(dest) && found?.atWork === 'stalled',
    summary: (facts) => {
      const found = operation(facts);
      return `A ${found.kind} is running${at(found)} (${found.holder}): its process still runs on this host, although its lock has expired. It stops by itself at its next write.`;
    },
    ways: ({ command }) => [{ when: 'to see it end', command: command('status', '--watch') }],
  },
  {
    id: 'unfinished-record-lost',
    title: 'An operation is unfinished, and the record of the destination is missing or damaged',
    outcome: 'partial',
    matches: (facts) => answers(facts.dest) && isOpen(facts) && isRecordLost(facts),
    summary: (facts) => {
      const { found, record } = facts;
      const copy = COPY[found.source] ?? `the source has a copy (epoch ${record?.epoch})`;
      return `${unfinished(facts)} The record of the destination is ${found.dest}; ${copy}.`;
    },
    unknown:
      'What else the record said, such as its epoch, where there is no copy; the journal shows what was done.',
    ways: (facts) => [
      ...(isSilent(facts.source)
        ? [{ when: 'to see whether the source answers', command: readyz(facts, 'source') }]
        : []),
      {
        when: 'to repair the record, before the operation is ended',
        command: verb(facts, 'repair'),
      },
    ],
  },
  {
    id: 'unfinished-dest-came-back',
    title: 'A move is unfinished; the source was started without the destination, which answers again',
    outcome: 'partial',
    matches: (facts) =>
      answers(facts.dest) &&
      isOpen(facts) &&
      facts.destGivenUp !== undefined &&
      isAhead(facts) &&
      operation(facts).kind !== 'fence',
    summary: (facts) =>
      `${unfinished(facts)} The destination was declared lost ${facts.destGivenUp?.since} and the source was started without it; the destination answers again.`,
    ways: (facts) => [
      {
        when: 'to stop the destination and mark the source, before anything else',
        command: verb(facts, 'rollback'),
      },
    ],
  },
  {
    id: 'fence-unfinished',
    title: 'A fence is unfinished',
    outcome: 'partial',
    matches: (facts) =>
      answers(facts.dest) && isOpen(facts) && operation(facts).kind === 'fence' && !isSilent(facts.source),
    summary: unfinished,
    ways: (facts) => [resume(facts)],
  },
  {
    id: 'fence-unfinished-source-silent',
    title: 'A fence is unfinished, and the source does not answer',
    outcome: 'partial',
    matches: (facts) =>
      answers(facts.dest) && isOpen(facts) && operation(facts).kind === 'fence' && isSilent(facts.source),
    summary: sourceGone,
    unknown: 'Whether the application still runs at the source.',
    ways: (facts) => [
      { when: 'to see whether the source answers', command: readyz(facts, 'source') },
      { when: 'when it answers again', command: verb(facts, 'resume') },
    ],
  },
  {
    id: 'move-unfinished-source-silent',
    title: 'A cutover or failback is unfinished, or its rollback, and the source does not answer',
    outcome: 'partial',
    matches: (facts) => answers(facts.dest) && isOpen(facts) && needsSource(facts) && isSilent(facts.source),
    summary: sourceGone,
    unknown: 'What runs at the source.',
    ways: (facts) => [
      { when: 'to see whether the source answers', command: readyz(facts, 'source') },
      {
        when: 'when it answers again',
        command: verb(facts, operation(facts).isUndone ? 'rollback' : 'resume'),
      },
      {
        when: 'if the source is lost (shows what data may be lost, and asks you to accept that)',
        command: verb(facts, 'failover'),
      },
    ],
    decide: () => 'Decide whether the source is lost.',
  },
  {
    id: 'rollback-unfinished',
    title: 'A rollback is unfinished',
    outcome: 'partial',
    matches: (facts) => answers(facts.dest) && isOpen(facts) && operation(facts).isUndone,
    summary: unfinished,
    ways: (facts) => [rollback(facts)],
  },
  {
    id: 'failover-unfinished-source-needed',
    title: 'A failover is unfinished; what it closed had stopped the source, which does not answer',
    outcome: 'partial',
    matches: (facts) =>
      answers(facts.dest) && isOpen(facts) && operation(facts).rollbackNeedsSource && isSilent(facts.source),
    summary: (facts) =>
      `${unfinished(facts)} It can be rolled back only when the source answers, because the operation that it closed had stopped the source.`,
    ways: (facts) => [
      resume(facts),
      { when: 'to roll back, when the source answers again', command: verb(facts, 'rollback') },
    ],
  },
  {
    id: 'unfinished',
    title: 'A cutover, failback or failover is unfinished',
    outcome: 'partial',
    matches: (facts) => answers(facts.dest) && isOpen(facts),
    summary: unfinished,
    ways: (facts) => [resume(facts), rollback(facts)],
  },
];

/** The kubectl command that tells whether an API server answers. */
export const readyz = ({ kubectl }: StatusFacts, role: SideRole): string =>
  kubectl(role, 'get', '--raw', '/readyz');

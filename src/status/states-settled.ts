import { nameList } from '../common/sentences.ts';
import { readyz } from './states-unfinished.ts';
import { answers, isSilent, nothingRuns, runs, type StateRow, type StatusFacts } from './status-facts.ts';
import { bothRun, epochsDisagree, isAhead, isBehind, unreadProblems } from './status-problems.ts';

const isAt = (facts: StatusFacts, phase: 'standby' | 'active' | 'moving'): boolean =>
  facts.record?.phase === phase;

const namesOf = (pods: readonly { readonly workload: string }[]): string =>
  nameList(pods.map(({ workload }) => workload));

const repair = ({ command }: StatusFacts) => ({
  when: 'to see what can be repaired, and to repair it',
  command: command('repair'),
});

/** The states without an unfinished operation in which the destination answers; the first row that matches counts. */
export const SETTLED_STATES: readonly StateRow[] = [
  {
    id: 'journal-lost',
    title: 'The record names an operation whose journal is missing or damaged',
    outcome: 'partial',
    matches: ({ found }) => found.journal === 'missing' || found.journal === 'damaged',
    summary: ({ record, found }) =>
      `The record names ${record?.operation?.kind ?? 'an operation'} ${record?.operation?.id ?? ''} as unfinished, and its journal is ${found.journal}.`,
    unknown: 'Which of its steps were done; the annotations on the workloads show what was stopped.',
    ways: (facts) => [repair(facts)],
  },
  {
    id: 'record-lost',
    title: 'The record of the destination is missing or damaged, and something else shows that there was one',
    outcome: 'drift',
    matches: ({ found, parked, awake }) =>
      found.dest === 'damaged' ||
      (found.dest === 'missing' &&
        (found.source === 'present' ||
          found.source === 'damaged' ||
          parked.source.length > 0 ||
          awake.length > 0)),
    summary: ({ found, record }) =>
      found.source === 'present'
        ? `The record of the destination is ${found.dest}; the source has a copy (epoch ${record?.epoch}).`
        : `The record of the destination is ${found.dest}, and the source has no copy.`,
    ways: (facts) => [repair(facts)],
  },
  {
    id: 'dest-came-back',
    title:
      'The destination was declared lost, the source was started without it, and the destination answers again',
    outcome: 'drift',
    matches: (facts) => facts.destGivenUp !== undefined && isAhead(facts),
    summary: (facts) =>
      `${bothRun(facts)}The destination was declared lost ${facts.destGivenUp?.since} and the source was started without it; the destination answers again.`,
    ways: ({ command }) => [
      { when: 'to stop and mark the destination, before anything else', command: command('fence') },
    ],
  },
  {
    id: 'fence-pending-source-back',
    title: 'The source was declared lost and not fenced, and it answers',
    outcome: 'drift',
    matches: ({ record, source }) => record?.pendingFence !== undefined && answers(source),
    summary: ({ record }) =>
      `The source was declared lost ${record?.pendingFence?.since} and is not fenced; it answers again.`,
    ways: ({ command }) => [{ when: 'before anything else', command: command('fence') }],
  },
  {
    id: 'fence-pending',
    title: 'The source was declared lost and not fenced, and it does not answer or is not named',
    outcome: 'drift',
    matches: ({ record }) => record?.pendingFence !== undefined,
    summary: ({ record }) => `The source was declared lost ${record?.pendingFence?.since} and is not fenced.`,
    unknown: 'Whether the application still runs at the source.',
    ways: ({ command }) => [
      { when: 'when the source answers again, before anything else', command: command('fence') },
    ],
  },
  {
    id: 'source-awake',
    title: 'The destination is the live side, and pods run at the source',
    outcome: 'drift',
    matches: (facts) => isAt(facts, 'active') && runs(facts.source),
    summary: (facts) => {
      const pods = namesOf(facts.source?.pods ?? []);
      return runs(facts.dest)
        ? `BOTH SIDES RUN: the destination is live, and pods run at the source: ${pods}.`
        : `Pods run at the source although the destination is the live side: ${pods}.`;
    },
    ways: ({ command }) => [{ when: 'to stop the source', command: command('fence') }],
  },
  {
    id: 'dest-awake',
    title: 'The source is the live side, and parked workloads of the destination run',
    outcome: 'drift',
    matches: (facts) => isAt(facts, 'standby') && facts.awake.length > 0,
    summary: (facts) => {
      const both = runs(facts.source) ? 'BOTH SIDES RUN: the source is live, and what' : 'What';
      return `${both} is parked at the destination has pods: ${namesOf(facts.awake)}.`;
    },
    ways: ({ command }) => [{ when: 'to stop the copies at the destination', command: command('fence') }],
  },
  {
    id: 'epoch-behind',
    title: "The source's copy of the record is behind",
    outcome: 'drift',
    matches: isBehind,
    summary: epochsDisagree,
    ways: (facts) =>
      isAt(facts, 'active')
        ? [{ when: 'to mark the source, which missed the last move', command: facts.command('fence') }]
        : [repair(facts)],
  },
  {
    id: 'epoch-ahead',
    title: "The source's copy of the record is ahead of the destination's",
    outcome: 'drift',
    matches: isAhead,
    summary: epochsDisagree,
    unknown: 'Which of the two records is right.',
    ways: (facts) => [repair(facts)],
  },
  {
    id: 'moving-without-operation',
    title: 'The record says that a move is under way, but no operation is unfinished',
    outcome: 'drift',
    matches: (facts) => isAt(facts, 'moving') && facts.unreadable.length === 0,
    summary: () => 'The record says that a move is under way, but no operation is unfinished.',
    ways: (facts) => [repair(facts)],
  },
  {
    id: 'all-stopped',
    title: 'Nothing runs on either side, and the workloads of the source are still parked by dr-syncer',
    outcome: 'drift',
    matches: (facts) => isAt(facts, 'standby') && nothingRuns(facts) && facts.parked.source.length > 0,
    summary: ({ parked }) =>
      `Nothing runs on either side: the source is the live side, and its workloads are still stopped by dr-syncer: ${nameList(parked.source)}.`,
    ways: (facts) => [repair(facts)],
  },
  {
    id: 'dest-stopped',
    title: 'The destination is the live side, and no pods run there',
    outcome: 'drift',
    matches: ({ record, dest }) => record?.phase === 'active' && dest.pods !== undefined && !runs(dest),
    summary: () => 'The destination is the live side, and no pods run there.',
    unknown: 'Whether someone scaled it down on purpose.',
    ways: ({ command, kubectl, source, parked }) => [
      ...(parked.dest.length > 0
        ? [{ when: 'to start what dr-syncer stopped there again', command: command('repair') }]
        : []),
      {
        when: 'to see what is there',
        command: kubectl('dest', 'get', 'deployments,statefulsets,daemonsets'),
      },
      ...(isSilent(source) ? [] : [{ when: 'to move the application back', command: command('failback') }]),
    ],
    decide: ({ parked }) =>
      parked.dest.length > 0 ? undefined : 'Decide whether it is meant to be stopped.',
  },
  {
    id: 'source-lost',
    title: 'The source is the live side and does not answer',
    outcome: 'drift',
    matches: (facts) => isAt(facts, 'standby') && isSilent(facts.source),
    summary: ({ source }) => `The source is the live side and does not answer: ${source?.problem}`,
    unknown: 'Whether the application still runs at the source; one unanswered request proves nothing.',
    ways: (facts) => [
      { when: 'to see whether the source answers', command: readyz(facts, 'source') },
      {
        when: 'if the source is lost (shows what data may be lost, and asks you to accept that)',
        command: facts.command('failover'),
      },
    ],
    decide: () => 'Decide whether the source is lost.',
  },
  {
    id: 'unread',
    title: 'Something that status needs to read is forbidden',
    outcome: 'drift',
    matches: (facts) => unreadProblems(facts).length > 0,
    summary: (facts) => unreadProblems(facts)[0] ?? '',
    unknown: 'What the message names.',
    ways: ({ kubectl, dest, source }) =>
      (source?.problem !== undefined
        ? (['source'] as const)
        : dest.problem !== undefined
          ? (['dest'] as const)
          : (['dest'] as const)
      ).map((role) => ({
        when: 'to see what is allowed',
        command: kubectl(role, 'auth', 'can-i', '--list'),
      })),
    decide: () => 'Ask a cluster administrator to grant the missing permission.',
  },
  {
    id: 'never-staged',
    title: 'Never staged',
    outcome: 'ok',
    matches: ({ record }) => record === undefined,
    summary: () => 'Never staged: there is no record in the destination namespace.',
    ways: ({ command }) => [{ when: 'to create the copy', command: command('stage') }],
  },
  {
    id: 'live-at-dest',
    title: 'The destination is the live side',
    outcome: 'ok',
    matches: (facts) => isAt(facts, 'active'),
    summary: (facts) => livesAt(facts, 'destination'),
    ways: () => [],
  },
  {
    id: 'live-at-source',
    title: 'The source is the live side',
    outcome: 'ok',
    matches: () => true,
    summary: (facts) => livesAt(facts, 'source'),
    ways: () => [],
  },
];

const livesAt = ({ record, source, stageAge }: StatusFacts, side: string): string => {
  const age = stageAge === undefined ? 'never staged' : `last staged ${stageAge}`;
  const silent = isSilent(source) ? ' The source does not answer.' : '';
  return `The ${side} is the live side (epoch ${record?.epoch}, ${age}).${silent}`;
};

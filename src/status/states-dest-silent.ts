import { nameList } from '../common/sentences.ts';
import { readyz } from './states-unfinished.ts';
import { isSilent, runs, type StateRow, type StatusFacts } from './status-facts.ts';

const problem = ({ dest }: StatusFacts): string => `The destination does not answer: ${dest.problem}`;
const isDown = ({ dest }: StatusFacts): boolean => !dest.answers;

/** The states in which the destination does not answer; the first row that matches counts. */
export const DEST_SILENT_STATES: readonly StateRow[] = [
  {
    id: 'dest-silent-source-unnamed',
    title: 'The destination does not answer, and the source is not named',
    outcome: 'drift',
    matches: (facts) => isDown(facts) && facts.source === undefined,
    summary: problem,
    unknown: 'Everything: name the source too; it keeps copies of the records.',
    ways: (facts) => [{ when: 'to see whether the destination answers', command: readyz(facts, 'dest') }],
    decide: () => 'Name the source with --source-context and --source-kubeconfig.',
  },
  {
    id: 'both-silent',
    title: 'Neither side answers',
    outcome: 'drift',
    matches: (facts) => isDown(facts) && isSilent(facts.source),
    summary: (facts) => `${problem(facts)} Nor does the source: ${facts.source?.problem}`,
    unknown: 'Everything.',
    ways: (facts) => [
      { when: 'to see whether the source answers', command: readyz(facts, 'source') },
      { when: 'to see whether the destination answers', command: readyz(facts, 'dest') },
    ],
    decide: () => 'Bring one of the two clusters back, or correct the kubeconfig.',
  },
  {
    id: 'dest-lost-source-runs',
    title: 'The destination does not answer, and the application runs at the source',
    outcome: 'drift',
    matches: (facts) => isDown(facts) && runs(facts.source),
    summary: (facts) => `${problem(facts)} Pods run at the source.`,
    unknown: 'What runs at the destination.',
    ways: (facts) => [{ when: 'to see whether the destination answers', command: readyz(facts, 'dest') }],
    decide: () => 'The application runs at the source; bring the destination back when you can.',
  },
  {
    id: 'dest-lost-source-stopped',
    title: 'The destination does not answer, and dr-syncer has stopped the source',
    outcome: 'drift',
    matches: (facts) => isDown(facts) && facts.parked.source.length > 0,
    summary: (facts) =>
      `${problem(facts)} Nothing runs at the source, where dr-syncer has stopped ${nameList(facts.parked.source)}.`,
    unknown: 'Whether the application runs at the destination; one unanswered request proves nothing.',
    ways: (facts) => [
      { when: 'to see whether the destination answers', command: readyz(facts, 'dest') },
      {
        when: 'if the destination is lost (shows what cannot be proved, and asks you to accept that)',
        command: facts.command('rollback'),
      },
    ],
    decide: () => 'Decide whether the destination is lost.',
  },
  {
    id: 'dest-silent',
    title:
      'The destination does not answer, and the source runs nothing and has nothing that dr-syncer stopped',
    outcome: 'drift',
    matches: isDown,
    summary: problem,
    unknown: 'What runs at the destination.',
    ways: (facts) => [{ when: 'to see whether the destination answers', command: readyz(facts, 'dest') }],
    decide: () => 'Bring the destination back, or correct the kubeconfig.',
  },
];

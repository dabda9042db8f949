import { nameList } from '../common/sentences.ts';
import { runs, type StatusFacts } from './status-facts.ts';

/** The sentence about epochs that differ; to be asked only where they do. */
export const epochsDisagree = ({ source, dest }: StatusFacts): string =>
  `The epochs disagree: ${source?.epoch} at the source, ${dest.epoch} at the destination.`;

const bothEpochs = ({ source, dest }: StatusFacts): readonly [number, number] | undefined =>
  source?.epoch === undefined || dest.epoch === undefined ? undefined : [source.epoch, dest.epoch];

/** The source's copy is older than the record of the destination. */
export const isBehind = (facts: StatusFacts): boolean => {
  const [source, dest] = bothEpochs(facts) ?? [0, 0];
  return source < dest;
};

/** The source's copy is newer than the record of the destination. */
export const isAhead = (facts: StatusFacts): boolean => {
  const [source, dest] = bothEpochs(facts) ?? [0, 0];
  return source > dest;
};

/** The shout in front of everything else when two sides run; '' when they do not. */
export const bothRun = (facts: StatusFacts): string => {
  const { source, dest, record, awake } = facts;
  if (!runs(source)) return '';
  const isWrong = record?.phase === 'standby' ? awake.length > 0 : record !== undefined && runs(dest);
  if (!isWrong) return '';
  const pods = nameList((source?.pods ?? []).map(({ workload }) => workload));
  const others = record?.phase === 'standby' ? awake : (dest.pods ?? []);
  return `BOTH SIDES RUN: ${pods} at the source, ${nameList(others.map(({ workload }) => workload))} at the destination. `;
};

/** What has to be looked at and may not be read, as sentences. */
export const unreadProblems = ({ source, dest, unreadable }: StatusFacts): string[] => {
  const sides = [
    ['source', source],
    ['destination', dest],
  ] as const;
  return [
    ...sides.flatMap(([name, side]) => {
      if (side?.answers !== true || side.problem === undefined) return [];
      const open =
        side.pods === undefined ? `whether pods run at the ${name}` : `what is recorded at the ${name}`;
      return [`It is not known ${open}: ${side.problem}`];
    }),
    ...unreadable,
  ];
};

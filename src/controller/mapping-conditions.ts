import type { NamespaceMapping } from '../mapping/custom-resources.ts';
import { timestamp } from '../state/time-text.ts';
import type { MappingMemory } from './mapping-memory.ts';
import type { WantedCondition } from './status-conditions.ts';

/** What the conditions beside Ready and Synced are told by. */
export interface ConditionFacts {
  readonly memory: MappingMemory;
  readonly silent: 'source' | 'dest' | undefined;
  /** Undefined: it was not looked at, as the mapping is blocked before that. */
  readonly isScheduleValid: boolean | undefined;
  /** Objects that were found changed at the destination; undefined when nothing was compared. */
  readonly drifted: number | undefined;
  /** ms since 1970 up to which the source is known to be copied. */
  readonly syncedThroughMs: number | undefined;
  readonly nowMs: number;
}

/** The conditions of a mapping about its sides, its schedule and its objectives. Pure. */
export const mappingConditions = (mapping: NamespaceMapping, facts: ConditionFacts): WantedCondition[] => [
  ...reachable(facts),
  ...parked(facts),
  ...schedule(mapping, facts),
  ...drift(facts),
  ...recoveryPoint(mapping, facts),
];

const reachable = ({ silent }: ConditionFacts): WantedCondition[] =>
  (['source', 'dest'] as const).flatMap((side): WantedCondition[] => {
    const type = side === 'source' ? 'SourceReachable' : 'DestinationReachable';
    if (silent === undefined)
      return [{ type, status: 'True', reason: 'Answers', message: 'The API server answers.' }];
    if (silent !== side) return [];
    return [{ type, status: 'False', reason: 'Silent', message: 'The API server does not answer.' }];
  });

const parked = ({ memory: { live } }: ConditionFacts): WantedCondition[] => {
  if (live === 'source')
    return [
      {
        type: 'DestinationParked',
        status: 'True',
        reason: 'Standby',
        message: 'The copy is parked; the application is live at the source.',
      },
    ];
  if (live === 'dest')
    return [
      {
        type: 'DestinationParked',
        status: 'False',
        reason: 'DestinationLive',
        message: 'The application is live at the destination; nothing is staged over it.',
      },
    ];
  return [
    {
      type: 'DestinationParked',
      status: 'Unknown',
      reason: 'Unknown',
      message: 'It is not known whether the application is live at the destination.',
    },
  ];
};

const schedule = ({ spec }: NamespaceMapping, { isScheduleValid }: ConditionFacts): WantedCondition[] =>
  isScheduleValid === true && spec.replicationMode === 'Scheduled'
    ? [{ type: 'ScheduleValid', status: 'True', reason: 'Valid', message: 'The schedule can be read.' }]
    : [];

const drift = ({ drifted }: ConditionFacts): WantedCondition[] => {
  if (drifted === undefined) return [];
  return drifted === 0
    ? [
        {
          type: 'DriftDetected',
          status: 'False',
          reason: 'NoDrift',
          message: 'The copy was as it had been made.',
        },
      ]
    : [
        {
          type: 'DriftDetected',
          status: 'True',
          reason: 'Drift',
          message: `${drifted} objects were changed at the destination; see resourceStatus.`,
        },
      ];
};

const recoveryPoint = (
  { spec }: NamespaceMapping,
  { syncedThroughMs, nowMs, memory }: ConditionFacts,
): WantedCondition[] => {
  const { rpoMs } = spec.objectives;
  if (rpoMs === undefined) return [];
  const type = 'RPOMet';
  // While nothing has changed since, the copy is as good as new.
  const through =
    memory.comparedSince !== undefined && memory.changes === undefined && memory.isProved()
      ? nowMs
      : syncedThroughMs;
  if (through === undefined)
    return [{ type, status: 'Unknown', reason: 'NeverSynced', message: 'Nothing was copied yet.' }];
  const lag = nowMs - through;
  const message = `The source is copied as of ${timestamp(through)}; the objective is ${Math.round(rpoMs / 1000)} s.`;
  return lag <= rpoMs
    ? [{ type, status: 'True', reason: 'Met', message }]
    : [{ type, status: 'False', reason: 'Missed', message }];
};

import { count, nameList } from '../../common/sentences.ts';
import { finding } from '../../needs/findings.ts';
import { remainingPods } from '../../sides/see-empty.ts';
import { whereIs } from '../../sides/side.ts';
import type { CheckRow } from '../preflight-types.ts';

/** Whether pods carry finalizers: each is there, and the side is not empty, until somebody takes them off. */
export const checkPodFinalizers: CheckRow = {
  id: 'pod-finalizers',
  passed: 'No pod is kept by a finalizer when it terminates.',
  run: ({ from, input }) => {
    if (from === undefined) return [];
    const choice = {
      ignoreBarePods: input.options.ignoreBarePods,
      ignoreJobs: input.options.jobs === 'leave',
    };
    return remainingPods(from.objects, choice).flatMap(({ root, pods }) => {
      const held = pods.filter(({ metadata }) => foreign(metadata.finalizers).length > 0);
      if (held.length === 0) return [];
      const names = [...new Set(held.flatMap(({ metadata }) => foreign(metadata.finalizers)))];
      const name = `${root.kind} ${root.name}`;
      return [
        finding(
          'pod-finalizers',
          'warn',
          name,
          `${count(held.length, 'pod')} of ${name} in ${whereIs(from.side)} ${held.length === 1 ? 'has' : 'have'} the finalizer${names.length === 1 ? '' : 's'} ${nameList(names)}: the stop waits until whatever added ${names.length === 1 ? 'it' : 'them'} removes ${names.length === 1 ? 'it' : 'them'}.`,
        ),
      ];
    });
  },
};

// Kubernetes takes its own off.
const OWN: ReadonlySet<string> = new Set([
  'batch.kubernetes.io/job-tracking',
  'foregroundDeletion',
  'orphan',
]);
const foreign = (finalizers: readonly string[] = []): string[] => finalizers.filter((name) => !OWN.has(name));

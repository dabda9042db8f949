import type { NamedCluster } from '../common/command-line.ts';
import { nameList } from '../common/sentences.ts';
import type { JsonObject } from '../kube/api-types.ts';
import { objectName } from '../kube/object-names.ts';
import { objectsAt, stringAt } from '../kube/raw-json.ts';
import { gatesOf } from '../workloads/pod-failure.ts';
import type { Finding } from './findings.ts';
import type { Check, CheckContext, PodTemplate } from './need-types.ts';

/** What pods use of the machines and services around the cluster, which no copy of objects brings along. Pure. */
export const checkPodSurroundings: Check = (context) => podNotes(context, context.templates);

/** The same, for given templates: one finding per workload and kind of surroundings. Pure. */
export const podNotes = (
  { dest, destNamespace }: Pick<CheckContext, 'destNamespace'> & { dest: NamedCluster },
  templates: readonly PodTemplate[],
): Finding[] =>
  templates.flatMap(({ object, spec }) =>
    ROWS.flatMap(({ id, level = 'info', find, text }): Finding[] => {
      const things = find(spec);
      if (things.length === 0) return [];
      const message =
        `${objectName(object)} in namespace ${destNamespace} of context ${dest.context} ` +
        text(nameList([...things].sort()));
      return [{ level, id, subject: objectName(object), message }];
    }),
  );

interface Row {
  readonly id: string;
  /** Default `info`. */
  readonly level?: Finding['level'];
  find(spec: JsonObject): string[];
  text(things: string): string;
}

const volumes = (spec: JsonObject, type: string, describe: (volume: JsonObject) => string): string[] =>
  objectsAt(spec, 'volumes').flatMap((volume) => objectsAt([volume[type] ?? null]).map(describe));

const ROWS: readonly Row[] = [
  {
    id: 'host-path-volume',
    find: (spec) => volumes(spec, 'hostPath', (volume) => stringAt(volume, 'path') ?? ''),
    text: (paths) => `mounts ${paths} from its node: at the destination it finds what the nodes have there.`,
  },
  {
    id: 'nfs-volume',
    find: (spec) =>
      volumes(spec, 'nfs', (nfs) => `${stringAt(nfs, 'server') ?? ''}:${stringAt(nfs, 'path') ?? ''}`),
    text: (exports) =>
      `mounts the NFS export ${exports} without a PVC: its data is not copied, and both sides can write to it.`,
  },
  {
    id: 'csi-inline-volume',
    find: (spec) => volumes(spec, 'csi', (csi) => stringAt(csi, 'driver') ?? ''),
    text: (drivers) =>
      `has a volume of the CSI driver ${drivers}: the driver must be installed at the destination, and nothing is copied into the volume.`,
  },
  {
    id: 'scheduler-not-default',
    find: (spec) => {
      const name = stringAt(spec, 'schedulerName') ?? '';
      return name === '' || name === 'default-scheduler' ? [] : [name];
    },
    text: (name) => `uses the scheduler ${name}: its pods stay Pending unless the destination runs it.`,
  },
  {
    id: 'scheduling-gates',
    level: 'warn',
    find: gatesOf,
    text: (gates) =>
      `creates pods with the scheduling gate ${gates}: they stay Pending until a controller at the destination removes it.`,
  },
];

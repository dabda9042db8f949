import { ACCESS_MODE } from '../../common/annotations.ts';
import { objectAt, own, stringsAt } from '../../kube/raw-json.ts';
import type { Transform, TransformInput } from '../pipeline-types.ts';
import { pathText } from './support/field-paths.ts';
import { settingOf } from './support/metadata-edits.ts';
import type { PvcPart } from './support/pvc-templates.ts';
import { pvcsOf } from './support/pvc-templates.ts';

// The short forms that kubectl prints are what people write in labels.
const MODES: Readonly<Record<string, string>> = {
  RWO: 'ReadWriteOnce',
  ROX: 'ReadOnlyMany',
  RWX: 'ReadWriteMany',
  RWOP: 'ReadWriteOncePod',
};
const KNOWN: ReadonlySet<string> = new Set(Object.values(MODES));

/** Maps the access modes of PVCs and of their templates; modes that the user wrote on the PVC win over the map. */
export const accessModes: Transform = {
  name: 'access-modes',
  rules: ['T53'],
  apply(draft, input) {
    for (const pvc of pvcsOf(draft)) mapModes(pvc, input);
  },
};

const mapModes = ({ pvc, path }: PvcPart, { context, note }: TransformInput): void => {
  const spec = objectAt(pvc, 'spec');
  if (spec === undefined) return;
  const current = stringsAt(spec, 'accessModes');
  const wanted = settingOf(pvc, ACCESS_MODE)?.split(',').map(fullName);
  const where = pathText([...path, 'spec', 'accessModes']);
  if (wanted?.every((mode) => KNOWN.has(mode))) {
    spec['accessModes'] = [...new Set(wanted)];
    return;
  }
  if (wanted !== undefined) {
    note({
      level: 'warn',
      path: where,
      message: `The access mode ${wanted.join(',')} in ${ACCESS_MODE} is unknown and ignored. Use one of ${[...KNOWN].join(', ')}.`,
    });
  }
  if (current.length === 0) return;
  spec['accessModes'] = [...new Set(current.map((mode) => lookUp(mode, context.accessModeMap)))];
};

const lookUp = (mode: string, map: ReadonlyMap<string, string>): string => {
  for (const [from, to] of map) if (fullName(from) === mode) return fullName(to);
  return mode;
};

const fullName = (mode: string): string => own(MODES, mode.trim()) ?? mode.trim();

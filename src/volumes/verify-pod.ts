import { createHash } from 'node:crypto';
import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { clone } from '../kube/raw-json.ts';
import type { ClaimEnd, VerifyMode } from './mover-types.ts';
import { POD_ANNOTATIONS, POD_LABELS } from './mover-values-file.ts';

/** How volumes are verified. */
export interface VerifyOptions {
  readonly mode: Exclude<VerifyMode, 'none'>;
  /** Files to checksum, spread evenly over the tree; 0 means every file. */
  readonly sampleFiles: number;
  /** An image with sh, find, stat, sort, awk, xargs and sha256sum. */
  readonly image: string;
  /**
   * User id of the pod. It must be able to read the files; 0 reads all of them, which the restricted pod security
   * level does not allow.
   */
  readonly runAsUser: number;
  readonly pullSecrets: readonly string[];
  readonly tolerations: readonly JsonObject[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Overall time of the pod in ms. */
  readonly deadlineMs: number;
}

export const DEFAULT_VERIFY_OPTIONS: VerifyOptions = {
  mode: 'size',
  sampleFiles: 0,
  image: 'docker.io/library/busybox:1.37',
  runAsUser: 65534,
  pullSecrets: [],
  tolerations: [],
  nodeSelector: {},
  deadlineMs: 6 * 60 * 60_000,
};

/** Label that tells verification pods from other temporary ones. */
export const VERIFY_NAME = 'dr-syncer-verify';

const DATA = '/data';
const WORK = '/tmp';

/** Paths printed per side, so that the log of a volume with millions of files stays small. */
export const MAX_ENTRIES = 5000;

/**
 * The short-lived pod that lists one claim. It mounts the claim read-only, talks to nobody, and asks for resources
 * so that a ResourceQuota lets it in. There is no fsGroup: the kubelet would change the group of every file.
 */
export const verificationPod = (end: ClaimEnd, operationId: string, options: VerifyOptions): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: verificationName(operationId, end),
    namespace: end.namespace,
    labels: { ...POD_LABELS, 'app.kubernetes.io/name': VERIFY_NAME },
    annotations: { ...POD_ANNOTATIONS },
  },
  spec: {
    restartPolicy: 'Never',
    activeDeadlineSeconds: Math.max(1, Math.ceil(options.deadlineMs / 1000)),
    terminationGracePeriodSeconds: 1,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsUser: options.runAsUser,
      runAsGroup: options.runAsUser,
      runAsNonRoot: options.runAsUser !== 0,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(options.pullSecrets.length > 0
      ? { imagePullSecrets: options.pullSecrets.map((name) => ({ name })) }
      : {}),
    ...(options.tolerations.length > 0
      ? { tolerations: options.tolerations.map((item) => clone(item)) }
      : {}),
    ...(Object.keys(options.nodeSelector).length > 0 ? { nodeSelector: { ...options.nodeSelector } } : {}),
    containers: [
      {
        name: 'verify',
        image: options.image,
        imagePullPolicy: 'IfNotPresent',
        command: ['sh', '-c', verificationScript(options)],
        resources: {
          requests: { cpu: '50m', memory: '64Mi' },
          limits: { cpu: '1', memory: '512Mi' },
        },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          // Root without capabilities could not read other users' files.
          capabilities:
            options.runAsUser === 0 ? { drop: ['ALL'], add: ['DAC_READ_SEARCH'] } : { drop: ['ALL'] },
        },
        volumeMounts: [
          { name: 'data', mountPath: DATA, readOnly: true },
          { name: 'work', mountPath: WORK },
        ],
      },
    ],
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: end.claim, readOnly: true } },
      { name: 'work', emptyDir: {} },
    ],
  },
});

/** Always the same for the same operation and claim, so that a later run finds the pod of this one. */
export const verificationName = (operationId: string, end: ClaimEnd): string =>
  `${VERIFY_NAME}-${createHash('sha256')
    .update(JSON.stringify([operationId, end.namespace, end.claim]))
    .digest('hex')
    .slice(0, 12)}`;

/**
 * The program of the pod: prints counts, sizes and checksums between a begin and an end line, never the content of a
 * file. Every path stands behind a word of ours at the start of its line, so no file name can pass for a record. Names
 * with a line break or a backslash go their own way, one file at a time, and are printed in double quotes with `\n`:
 * other paths begin with `./`. `lost+found` belongs to the file system.
 */
export const verificationScript = (
  options: Pick<VerifyOptions, 'mode' | 'sampleFiles'>,
  root = DATA,
  work = WORK,
): string => `set -u
export LC_ALL=C
w='${work}'
: > "$w/err"
: > "$w/sums"
[ -d '${root}' ] || exit 3
echo 'dr-syncer-verify 1 begin'
if ! cd '${root}' 2>/dev/null; then
  echo "user $(id -u) cannot enter the root of the volume: $(stat -c '%A, owner %u, group %g' '${root}')" >> "$w/err"
  mkdir "$w/empty" && cd "$w/empty" || exit 3
fi
nl='
'
cat > "$w/q" <<'END'
q() { printf '%s\\n' "$1" | sed 's/\\\\/\\\\\\\\/g' | awk 'NR > 1 { printf "%s", "\\\\n" } { printf "%s", $0 }'; }
END
find . -path ./lost+found -prune -o -type f ! -path "*$nl*" ! -path '*\\\\*' -exec stat -c '%n %s' {} + 2>>"$w/err" | sort > "$w/plain"
find . -path ./lost+found -prune -o -type f \\( -path "*$nl*" -o -path '*\\\\*' \\) -print0 2>/dev/null > "$w/odd"
if [ -s "$w/odd" ]; then
  xargs -0 -r sh -c '. "$0"; for f do s=$(stat -c %s "$f") && printf "\\"%s\\" %s\\n" "$(q "$f")" "$s"; done' "$w/q" < "$w/odd" 2>>"$w/err" | sort > "$w/named"
  cat "$w/plain" "$w/named" > "$w/list"
else
  cat < "$w/plain" > "$w/list"
fi
n=$(wc -l < "$w/list")
echo "files" $n
awk '{ s += $NF } END { printf "bytes %.0f\\n", s }' "$w/list"
find . -path ./lost+found -prune -o -type l -exec stat -c '%N' {} + 2>/dev/null | sort > "$w/links"
echo "links" $(find . -path ./lost+found -prune -o -type l -print 2>/dev/null | wc -l)
echo "dirs" $(find . -path ./lost+found -prune -o -type d -print 2>/dev/null | wc -l)
echo "listing $(sha256sum < "$w/list" | cut -d ' ' -f 1)"
echo "targets $(sha256sum < "$w/links" | cut -d ' ' -f 1)"
sample=${Math.max(0, Math.floor(options.sampleFiles))}
k=1
if [ "$sample" -gt 0 ] && [ "$n" -gt "$sample" ]; then k=$(((n + sample - 1) / sample)); fi
if [ ${options.mode} = checksum ]; then
  awk -v k="$k" 'k == 1 || NR % k == 1 { sub(/ [0-9]+$/, ""); print }' "$w/plain" | tr '\\n' '\\000' \\
    | xargs -0 -r sha256sum >> "$w/sums" 2>>"$w/err"
  if [ -s "$w/odd" ]; then
    xargs -0 -r sh -c '. "$0"; for f do h=$(sha256sum < "$f") && printf "%s  \\"%s\\"\\n" "\${h%% *}" "$(q "$f")"; done' "$w/q" < "$w/odd" 2>>"$w/err" | sort -k 2 >> "$w/sums"
  fi
  echo "hashed" $(wc -l < "$w/sums")
  echo "content $(sha256sum < "$w/sums" | cut -d ' ' -f 1)"
fi
awk 'NR <= ${MAX_ENTRIES} { s = $NF; sub(/ [0-9]+$/, ""); print "size " s " " $0 }' "$w/list"
awk 'NR <= ${MAX_ENTRIES} { h = $1; sub(/^[^ ]+ ./, ""); print "sum " h " " $0 }' "$w/sums"
awk 'NR <= ${MAX_ENTRIES} { print "link " $0 }' "$w/links"
head -n 5 "$w/err" | sed 's/^/error /'
echo "errors" $(wc -l < "$w/err")
echo 'dr-syncer-verify 1 end'
`;

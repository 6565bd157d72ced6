export const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The value of a name in a list of `NAME=value`; the last one counts. */
export function envValue(env: readonly string[], name: string): string | undefined {
  const pair = env.findLast((item) => item.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}

/** Sets a name, at the place it has or at the end. */
export function setEnv(env: readonly string[], name: string, value: string): string[] {
  const pair = `${name}=${value}`;
  const at = env.findIndex((item) => item.startsWith(`${name}=`) || item === name);
  return at < 0 ? [...env, pair] : env.with(at, pair);
}

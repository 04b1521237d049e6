// Android's logd takes the first word of a kernel line for a tag where a colon follows (logd/LogKlog.cpp), and logcat pads it: `E BUG     : unable to …`.
const threadtime = /^((?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d{3,9} {1,8}0 {1,8}\d{1,7} [VDIWEFS] )(?!kernel {0,4}: )(\S.{0,64}?) {0,12}: /;
const brief = /^((?:(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d{3,9} )?[VDIWEFS]\/)(?!kernel {0,4}\()([^\s(].{0,64}?) {0,12}(\( {0,7}0\): )/;

/** The line as the kernel said it, where its first word stands as the tag. */
export function retagLogcat(text: string): string {
  const code = text.charCodeAt(0);
  if (code < 0x30 || (code > 0x39 && text.charCodeAt(1) !== 0x2f)) return text;
  const timed = threadtime.exec(text);
  if (timed !== null) return `${timed[1]!}        : ${timed[2]!}: ${text.slice(timed[0].length)}`;
  const short = brief.exec(text);
  return short === null ? text : `${short[1]!}${short[3]!}${short[2]!}: ${text.slice(short[0].length)}`;
}

/** The page's one style sheet. Two colours carry meaning: red for the guilty place, blue for what happened before it. */
export const style = `
:root{color-scheme:light dark;--bg:light-dark(#fcfcfb,#15171a);--panel:light-dark(#f4f4f1,#1c1f23);--text:light-dark(#1d2024,#e2e5e9);--faint:light-dark(#5f666e,#98a0aa);
--rule:light-dark(#e2e2dd,#2d3138);--guilty:light-dark(#b3261e,#ff8f85);--guilty-bg:light-dark(#fdeceb,#3a1f1e);--earlier:light-dark(#1d4fc4,#8fb6ff);--earlier-bg:light-dark(#e9f0fe,#1c2b45);
--module:light-dark(#0c6b61,#63c7b8);--hit:light-dark(#fff3bf,#4d431a);--mono:ui-monospace,"SFMono-Regular","DejaVu Sans Mono",Menlo,Consolas,monospace}
:root[data-theme=light]{color-scheme:light}:root[data-theme=dark]{color-scheme:dark}
*{box-sizing:border-box}
html{scroll-padding-top:4rem}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.5 system-ui,"Segoe UI",sans-serif;-webkit-text-size-adjust:100%}
a{color:inherit;text-decoration-color:var(--faint);text-underline-offset:.2em}
code,pre,.mono{font-family:var(--mono);font-size:.86em}
pre{margin:0;white-space:pre;tab-size:8}
h1{font-size:1.35rem;line-height:1.4;font-weight:600;margin:.2rem 0 .6rem;overflow-wrap:anywhere}
h2{font-size:.82rem;font-weight:600;text-transform:uppercase;letter-spacing:.06em;color:var(--faint);margin:2.2rem 0 .6rem}
.bar{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:.3rem .8rem;align-items:center;padding:.5rem max(1.2rem,calc(50% - 36rem));background:var(--bg);border-bottom:1px solid var(--rule);font-size:.88rem}
.bar .name{color:var(--faint);flex:1;min-width:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.tools{display:flex;gap:.4rem;align-items:center}
.tools[hidden]{display:none}
button,input{font:inherit;font-size:.82rem;color:inherit;background:var(--panel);border:1px solid var(--rule);border-radius:.4rem;padding:.2rem .6rem}
button{cursor:pointer}button:hover{border-color:var(--faint)}
input{width:11rem}.tools{white-space:nowrap}
:focus-visible{outline:2px solid var(--earlier);outline-offset:1px;border-radius:.3rem}
main{max-width:74.4rem;margin:0 auto;padding:1.4rem 1.2rem 4rem}
article+article{margin-top:3.5rem;padding-top:2rem;border-top:1px solid var(--rule)}
.title{margin:0;font-family:var(--mono);font-size:.9rem;color:var(--guilty);overflow-wrap:anywhere}
.facts{margin:0;color:var(--faint);font-size:.88rem}
.facts+ul{margin-top:.8rem}.facts span:not(:last-child)::after{content:" · "}
.warn{border-left:3px solid var(--guilty);padding:.3rem .8rem;background:var(--guilty-bg);border-radius:0 .3rem .3rem 0}
.later{margin:0 0 1.2rem;font-size:.88rem}.later a{display:inline-block;margin-right:1rem}
figure{margin:1rem 0;border:1px solid var(--rule);border-radius:.5rem;overflow:hidden}
figcaption{padding:.35rem .8rem;background:var(--panel);border-bottom:1px solid var(--rule);font-size:.85rem;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
.source{border-collapse:collapse;min-width:100%;font-family:var(--mono);font-size:.84rem;line-height:1.55}
.source td{padding:0;vertical-align:top}
.source .n{width:1%;padding:0 .8rem;text-align:right;color:var(--faint);user-select:none;white-space:nowrap}
.source .t{white-space:pre;tab-size:8;padding-right:1rem}
.source .gap td{color:var(--faint);padding:0 .8rem;background:var(--panel)}
.source mark{background:none;color:inherit;text-decoration:underline 2px;text-underline-offset:.28em}
.source .guilty td{background:var(--guilty-bg)}.source .guilty mark{text-decoration-color:var(--guilty)}
.source .earlier td{background:var(--earlier-bg)}.source .earlier mark{text-decoration-color:var(--earlier)}
.source .note .t code{font-size:1em}.source+p,figure+p{margin:.8rem 0 0}.source .note .t{white-space:pre-wrap;font-weight:600;padding-bottom:.25rem}
.source .note.guilty .t{color:var(--guilty)}.source .note.earlier .t{color:var(--earlier)}
.source .flow{position:relative;width:1.4rem;min-width:1.4rem}
.source .flow i{position:absolute;left:.7rem;top:0;bottom:-1px;border-left:2px solid var(--earlier)}
.source .upper .flow i{top:50%;width:.6rem;border-top:2px solid var(--earlier);border-top-left-radius:.4rem}
.source .lower .flow i{bottom:50%;width:.6rem;border-bottom:2px solid var(--earlier);border-bottom-left-radius:.4rem}
.source .flow b{position:absolute;left:1.05rem;top:50%;margin-top:-.3rem;border:.3rem solid transparent;border-left-color:var(--earlier);border-right:0}
.path{margin:.2rem 0 0;padding-left:1.6rem;font-size:.88rem}
ol.plain,ul.plain{list-style:none;margin:0;padding:0}
.evidence li,.suspects li,.next li{padding:.35rem 0;border-bottom:1px solid var(--rule);overflow-wrap:anywhere}
.evidence li:last-child,.suspects li:last-child,.next li:last-child{border-bottom:0}
.evidence p,.suspects p,.next p{margin:0;color:var(--faint);font-size:.92rem}
.evidence a{display:inline-block;min-width:4.2rem;color:var(--faint);font-size:.84rem}
.next code{display:inline-block;background:var(--panel);border:1px solid var(--rule);border-radius:.35rem;padding:.1rem .5rem;margin-right:.5rem}
.module{color:var(--module)}
.faint{color:var(--faint)}
.stack{font-size:.95rem}
.frame{border-bottom:1px solid var(--rule)}
.frame:target>.row,.frame:target>details>summary{background:var(--hit)}
.row{display:grid;grid-template-columns:3.2rem 1.2rem minmax(0,1fr);align-items:baseline;padding:.22rem .3rem;border-radius:.3rem}
summary.row{cursor:pointer;list-style:none}
summary.row::-webkit-details-marker{display:none}
summary.row .sign::before{content:"+";color:var(--faint)}
details[open]>summary.row .sign::before{content:"\\2212"}
summary.row:hover{background:var(--panel)}
.row .n{color:var(--faint);font-size:.8rem;text-decoration:none}
.fns{min-width:0}
.fn{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,7fr);gap:0 1rem;overflow-wrap:anywhere;font-family:var(--mono);font-size:.84rem}
.fn .place{color:var(--faint)}
.fn.guilty .name{color:var(--guilty);font-weight:600}
.left-over{opacity:.62}
.inside{padding:0 .3rem .6rem 4.7rem}
.inside figure{margin:.5rem 0}
.asm{padding:.5rem .8rem;overflow-x:auto;line-height:1.5}
.asm .trap{display:inline-block;min-width:100%;background:var(--guilty-bg);color:var(--guilty);font-weight:600}
.registers{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.1rem 1.2rem;margin:0;font-family:var(--mono);font-size:.84rem}
.registers div{display:flex;flex-wrap:wrap;gap:0 .7rem;padding:.12rem .3rem}
.registers dt{color:var(--faint);min-width:2.6rem}
.registers dd{margin:0;overflow-wrap:anywhere}
.registers .known dt+dd{min-width:9.6rem}.registers .known{grid-column:1/-1;background:var(--panel);border-radius:.3rem}
.registers .fault{background:var(--guilty-bg)}.registers .fault dt{color:var(--guilty);font-weight:600}
.registers .what{font-family:system-ui,sans-serif;font-size:1.04em}
.log{overflow-x:auto;border:1px solid var(--rule);border-radius:.5rem;padding:.4rem 0;font-family:var(--mono);font-size:.8rem;line-height:1.5}
.log li{display:flex;min-width:max-content;padding-right:1rem}
.log .n{flex:0 0 4.2rem;text-align:right;padding-right:1rem;color:var(--faint);text-decoration:none;user-select:none}
.log .t{white-space:pre;tab-size:8}
.log .gap{color:var(--faint);padding-left:4.2rem}
.log li:target{background:var(--hit)}
.log li.evident{background:var(--panel);box-shadow:inset 3px 0 var(--guilty)}
.log li.hit{background:var(--hit)}
.log li.here{outline:2px solid var(--earlier);outline-offset:-2px}
.environment{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.2rem 1.2rem;margin:0;font-size:.92rem}
.environment dt{color:var(--faint)}.environment dd{margin:0;overflow-wrap:anywhere}
.markdown textarea{width:100%;height:16rem;margin-top:.5rem;background:var(--panel);color:inherit;border:1px solid var(--rule);border-radius:.5rem;padding:.6rem;font-family:var(--mono);font-size:.8rem}
details.more>summary{cursor:pointer;color:var(--faint);font-size:.88rem;margin:.6rem 0}
dialog{background:var(--bg);color:inherit;border:1px solid var(--rule);border-radius:.7rem;padding:1.2rem 1.6rem;max-width:26rem}
dialog::backdrop{background:#0006}
dialog dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:0 0 1rem}
dialog dd{margin:0}
kbd{font-family:var(--mono);font-size:.85em;border:1px solid var(--rule);border-radius:.3rem;padding:0 .4rem;background:var(--panel)}
@media(max-width:44rem){body{font-size:15px}main{padding:1rem .8rem 3rem}.bar{padding:.5rem .8rem}.bar .name{flex-basis:60%}.tools{flex-wrap:wrap;white-space:normal}.tools input{width:7rem}
.row{grid-template-columns:2.4rem 1rem minmax(0,1fr)}.fn{grid-template-columns:minmax(0,1fr)}.fn .place{padding-left:1rem}.inside{padding-left:.3rem}.environment{grid-template-columns:1fr}.environment dd{margin-bottom:.4rem}
.source{tab-size:3}.source .t{tab-size:3}.source .note .pad{display:none}.source .note .t{position:sticky;left:0;max-width:calc(100vw - 5rem);white-space:normal}.source .n{padding:0 .5rem}.log .n{flex-basis:3rem;padding-right:.6rem}}
@media print{:root,:root[data-theme]{color-scheme:light}body{font-size:10pt;background:#fff}.bar{position:static;padding:0 0 .4rem}.tools,.markdown,dialog,button{display:none!important}main{max-width:none;padding:0}
.log li{min-width:0}.log .t,.source .t,.asm{white-space:pre-wrap;overflow-wrap:anywhere}.log,.scroll,.asm{overflow:visible}figure,.evidence li,.next li,.frame{break-inside:avoid}h2{break-after:avoid}
details::details-content{content-visibility:visible;display:block}a{text-decoration:none}*{print-color-adjust:exact}}
`;

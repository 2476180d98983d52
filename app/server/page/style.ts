export const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --edge: #8886; --mark: #2a6fdb; --quiet: #8881; }
* { box-sizing: border-box; }
body { max-width: 40rem; margin: 2.5rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; justify-content: space-between; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { opacity: .7; }
dd { margin: 0; }
form, pre { border: 1px solid var(--edge); border-radius: .5rem; }
form { display: grid; gap: .6rem; padding: 1rem; }
fieldset { display: grid; gap: .4rem; margin: 0; padding: .5rem .8rem .8rem; border: 1px solid var(--edge); border-radius: .4rem; }
label { display: grid; grid-template-columns: 1fr minmax(6rem, 9rem); gap: 1rem; align-items: center; }
label.wide { grid-template-columns: 1fr; gap: .2rem; }
input, select, textarea, button { font: inherit; padding: .35rem .6rem; border: 1px solid var(--edge); border-radius: .35rem; min-width: 0; }
input[type=checkbox] { justify-self: start; width: 1.2rem; height: 1.2rem; }
textarea { width: 100%; min-height: 5rem; resize: vertical; }
textarea[data-kind=json] { font-family: ui-monospace, monospace; font-size: .9rem; }
button { cursor: pointer; background: var(--quiet); color: inherit; }
button:not([type]) { background: var(--mark); border-color: var(--mark); color: #fff; font-weight: 600; }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 1px; }
.examples { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; }
output { display: block; min-height: 6rem; }
output strong { font-size: 1.2rem; }
output div { margin-top: .3rem; }
meter { display: block; width: 100%; }
pre { overflow-x: auto; padding: .75rem; font-size: .85rem; }
ul { padding-left: 1.2rem; }
@media (max-width: 26rem) { label { grid-template-columns: 1fr; gap: .1rem; } }
`;

/** Runs in the browser. What it needs to know of the model is in attributes of the form. */
export const SCRIPT = `
const form = document.querySelector("form");
const output = document.querySelector("output");
const { target, single } = form.dataset;
const labels = JSON.parse(form.dataset.labels);
const fields = [...form.querySelectorAll("[data-input]")];
const key = document.querySelector("#key");
const line = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
const read = {
  number: (field) => { if (field.value === "") throw new Error(field.name + ": a number is needed"); return field.valueAsNumber; },
  flag: (field) => field.checked,
  text: (field) => field.value,
  json: (field) => { try { return JSON.parse(field.value); } catch (error) { throw new Error(field.name + ": " + error.message); } },
};
const write = {
  number: (field, value) => { field.value = value; },
  flag: (field, value) => { field.checked = value; },
  text: (field, value) => { field.value = value; },
  json: (field, value) => { field.value = JSON.stringify(value); },
};
function instance() {
  const inputs = new Map();
  for (const field of fields) {
    const value = read[field.dataset.kind](field);
    const name = field.dataset.input;
    if (field.dataset.index === undefined) inputs.set(name, value);
    else inputs.set(name, [...(inputs.get(name) ?? []), value]);
  }
  return single === "true" ? inputs.values().next().value : Object.fromEntries(inputs);
}
function fill(given) {
  for (const field of fields) {
    const { input, index, kind } = field.dataset;
    const value = single === "true" ? given : given[input];
    write[kind](field, index === undefined ? value : value[Number(index)]);
  }
}
function show(prediction) {
  if (labels.length === 0) {
    output.replaceChildren(line("strong", "Answer"), line("pre", JSON.stringify(prediction, null, 1)));
    return;
  }
  const { label, probabilities } = prediction;
  output.replaceChildren(line("strong", label), ...probabilities.flatMap((probability, i) => [
    line("div", labels[i] + " " + (100 * probability).toFixed(1) + " %"),
    Object.assign(document.createElement("meter"), { value: probability, ariaLabel: labels[i] }),
  ]));
}
async function predict() {
  try {
    const headers = { "content-type": "application/json" };
    if (key !== null && key.value !== "") headers["x-api-key"] = key.value;
    const body = JSON.stringify({ instances: [instance()] });
    const response = await fetch(target, { method: "POST", headers, body });
    const answer = await response.json();
    if (!response.ok) throw new Error([answer.field, answer.error].filter(Boolean).join(": "));
    show(answer.predictions[0]);
  } catch (error) {
    output.replaceChildren(line("strong", "No answer"), line("div", error.message));
  }
}
document.querySelector("#url").textContent = new URL(target, location.href).href;
form.addEventListener("submit", (event) => { event.preventDefault(); predict(); });
for (const button of form.querySelectorAll("button[data-instance]"))
  button.addEventListener("click", () => { fill(JSON.parse(button.dataset.instance)); predict(); });
document.querySelector("#model")?.addEventListener("change", (event) => { location.search = event.target.value; });
`;

// The learner's courses: a course is begun, time that was not counted is appealed. Everything else is plain links.
"use strict";

async function deed(form, asked) {
  const said = form.querySelector("[role=status]");
  const button = form.querySelector("button");
  button.disabled = true;
  said.textContent = "";
  try {
    const answer = await fetch("/learn/deed", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(asked),
    });
    const told = await answer.json();
    said.textContent = told.words;
    if (answer.ok) location.reload();
  } catch {
    said.textContent = "没有连上系统，请检查网络后再试。";
  }
  button.disabled = false;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches(".begin, .appeal")) return;
  event.preventDefault();
  if (form.matches(".begin")) {
    deed(form, { do: "begin", course: Number(form.dataset.course), year: Number(form.elements.year.value) });
  } else if (form.matches(".appeal")) {
    deed(form, { do: "appeal", time: Number(form.dataset.time), words: form.elements.words.value });
  }
});

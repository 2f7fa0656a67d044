// While weights are typed: how far their sum is from the whole.
(function () {
  "use strict";

  function check(block) {
    var note = block.querySelector("[data-sum]");
    var sum = 0;
    block.querySelectorAll("[data-weight]").forEach(function (input) {
      sum += Number(input.value) || 0;
    });
    sum = Math.round(sum * 100) / 100;
    var gap = Math.round((Number(note.dataset.whole) - sum) * 100) / 100;
    var words = gap === 0 ? note.dataset.even : gap > 0 ? note.dataset.short : note.dataset.over;
    note.textContent = words.replace("{sum}", sum).replace("{gap}", Math.abs(gap));
  }

  document.querySelectorAll("[data-scheme]").forEach(function (block) {
    if (!block.querySelector("[data-weight]")) return;
    block.addEventListener("input", function () {
      check(block);
    });
    check(block);
  });
})();

// A usual day by one tap: the chip fills the field that it names.
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    var chip = event.target.closest("[data-sets-day]");
    if (!chip) return;
    var field = document.getElementById(chip.dataset.setsDay);
    if (!field) return;
    field.value = chip.dataset.day;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();

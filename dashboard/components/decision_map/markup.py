"""The map's elements: the stage with its canvas, the regions, the same in words, and what is read aloud."""

HTML = """
<div class="decisions">
  <div class="stage" tabindex="0" role="application" aria-roledescription="decision map"
       aria-label="Decision map" aria-describedby="map-keys">
    <canvas aria-hidden="true"></canvas>
    <div class="tip" hidden><b></b><span class="second"></span><span class="place"></span>
      <button type="button" class="go" hidden>Go there</button></div>
  </div>
  <ul class="regions" aria-label="What is the best somewhere"></ul>
  <details class="told"><summary>The map in words</summary><ol></ol></details>
  <p class="unseen" id="map-keys">Arrow keys move a point over the map, with Shift ten steps at once,
    Enter goes there, Escape lets it go. On a touch screen a tap looks at a point.</p>
  <p class="unseen live" aria-live="polite"></p>
</div>
"""

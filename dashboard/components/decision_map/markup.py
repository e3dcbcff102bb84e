"""The map's elements: the stage with its canvas, the regions in words, and what only screen readers see."""

HTML = """
<div class="decisions">
  <div class="stage" tabindex="0" role="application" aria-roledescription="decision map"
       aria-label="Decision map" aria-describedby="map-keys">
    <canvas aria-hidden="true"></canvas>
    <div class="tip" hidden></div>
  </div>
  <ul class="regions" aria-label="Cuts that are the best somewhere"></ul>
  <p class="unseen" id="map-keys">Arrow keys move a point over the map, with Shift ten steps at once,
    Enter goes there, Escape lets it go.</p>
  <p class="unseen live" aria-live="polite"></p>
</div>
"""

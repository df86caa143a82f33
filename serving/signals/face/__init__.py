"""Face and body: from the outputs of the detector, mesh, expression and pose nets to the domain's `Behavior`."""

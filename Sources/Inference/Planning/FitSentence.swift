/// Whether a model runs on a device, in one sentence for a user who has not downloaded it yet.
package struct FitSentence: Sendable, Equatable {
    /// The part of a model that the device computes.
    package enum Placement: String, Sendable, Hashable {
        /// All of it is on the device, or on the CPU without a device.
        case whole
        /// The CPU computes a part of it.
        case partly
        case no
    }

    package let placement: Placement
    package let text: String

    /// - Parameters:
    ///   - file: the model; the beginning of its file is sufficient.
    ///   - projectorBytes: the size of the image projector; 0 without one.
    ///   - device: the device to run on.
    ///   - hostBytesMax: the main memory that it may use; nil if unknown.
    /// - Throws: when the model is of a kind that cannot be planned.
    package init(
        _ file: GGUFFile, projectorBytes: UInt64 = 0, on device: DeviceProfile, hostBytesMax: UInt64? = nil
    ) throws(PlanningError) {
        let shape = try ModelShape(file)
        var requested = Admission.RequestedSettings()
        requested.projectorBytes = projectorBytes
        let plan = Admission.plan(shape, requested, on: device, hostBytesMax: hostBytesMax)
        let settings = plan.settings
        let room = "\(PlanText.slots(settings.slots)) of \(settings.contextPerSlot) tokens"
        guard plan.decision != .refuse else {
            self.placement = .no
            self.text = "does not run here. \(plan.steps.last ?? "The machine has too little memory.")"
            return
        }
        guard plan.estimate.usesDevice else {
            self.placement = device.memoryBytes > 0 ? .partly : .whole
            self.text = "runs on the processor with \(PlanText.size(plan.estimate.hostTotal)) of memory, \(room)"
            return
        }
        let sizes = "\(PlanText.size(plan.estimate.deviceTotal)) of \(PlanText.size(device.usableBytes))"
        let isWhole = settings.deviceLayers > shape.layers.count && settings.hostExpertLayers == 0
        self.placement = isWhole ? .whole : .partly
        let speed =
            SpeedEstimate(shape, settings, on: device)
            .map { ", at most \(Int($0.ceilingEmpty)) tokens per second" } ?? ""
        self.text =
            isWhole
            ? "fits on \(device.name): \(sizes), \(room)\(speed)"
            : "fits only partly on \(device.name) (\(sizes)), \(room)\(speed): the rest runs on the processor"
    }
}

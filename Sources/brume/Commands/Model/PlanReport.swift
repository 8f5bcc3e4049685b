internal import Inference

/// A plan as it is shown.
struct PlanReport {
    let name: String
    let file: GGUFFile
    let shape: ModelShape
    let device: DeviceProfile
    let plan: Admission.Plan

    private var speed: SpeedEstimate? { SpeedEstimate(self.shape, self.plan.settings, on: self.device) }

    private var isRefused: Bool { self.plan.decision == .refuse }

    /// For a person.
    var lines: [String] {
        let settings = self.plan.settings
        let trained = self.shape.trainedContext.map { ", trained on \($0) tokens" } ?? ""
        let layers = self.shape.layers.count
        var lines = [
            Terminal.bold(self.name) + ": \(self.file.architecture), \(self.file.quantisation), "
                + "\(Self.count(self.file.parameterCount)) parameters, \(layers) layers\(trained)"
        ]
        if self.device.memoryBytes > 0 {
            let speed = self.device.bytesPerSecond.map { ", \(Int($0 / 1e9)) GB/s" } ?? ""
            lines.append(
                "on \(self.device.name): \(PlanText.size(self.device.memoryBytes))\(speed), "
                    + "\(PlanText.size(self.device.usableBytes)) of it usable")
        } else {
            lines.append("on the processor")
        }
        lines.append("")
        lines.append(self.isRefused ? Terminal.warning("does not run there") : "starts with")
        lines.append("  \(PlanText.slots(settings.slots)) of \(settings.contextPerSlot) tokens")
        lines.append("  keys and values in \(settings.cacheType.rawValue)")
        if self.device.memoryBytes > 0 {
            lines.append("  \(settings.deviceLayers) of \(layers + 1) layers on the device")
            if settings.hostExpertLayers > 0 {
                lines.append("  the experts of \(settings.hostExpertLayers) layers on the host")
            }
        }
        if !self.plan.steps.isEmpty {
            lines += ["", "because"] + self.plan.steps.map { "  " + $0 }
        }
        lines += ["", "needs"] + self.needs.map { "  \(Self.padded($0.0, 26))\(PlanText.size($0.1))" }
        if let speed = self.speed {
            let share = SpeedEstimate.usualShare
            lines += [
                "", "tokens per second, at most",
                "  \(Self.padded("with an empty context", 26))\(Self.rate(speed.ceilingEmpty))",
                "  \(Self.padded("with a full context", 26))\(Self.rate(speed.ceilingFull))",
                "  \(Int(share.lowerBound * 100)) to \(Int(share.upperBound * 100)) % of that is typical",
            ]
        }
        return lines
    }

    /// The parts that are not 0, and the sums.
    private var needs: [(String, UInt64)] {
        let estimate = self.plan.estimate
        var rows: [(String, UInt64)] = []
        if estimate.usesDevice {
            rows = [
                ("weights", estimate.deviceWeights), ("keys and values", estimate.deviceCache),
                ("compute buffer", estimate.compute), ("transferred weights", estimate.visiting),
                ("projector", estimate.projector), ("draft model", estimate.draft),
                ("driver", estimate.fixed), ("device memory in total", estimate.deviceTotal),
            ]
        } else {
            rows = [
                ("weights", estimate.hostWeights), ("keys and values", estimate.hostCache),
                ("compute buffer", estimate.compute), ("projector", estimate.projector),
                ("draft model", estimate.draft),
            ]
        }
        return rows.filter { $0.1 > 0 } + [("main memory in total", estimate.hostTotal)]
    }

    /// For a program: sizes in bytes.
    var json: String {
        let settings = self.plan.settings
        let estimate = self.plan.estimate
        let decision = self.isRefused ? "refuse" : "start"
        var members = [
            "\"model\":\(quoted(self.name))", "\"architecture\":\(quoted(self.file.architecture))",
            "\"quantisation\":\(quoted(self.file.quantisation))", "\"parameters\":\(self.file.parameterCount)",
            "\"layers\":\(self.shape.layers.count)", "\"device\":\(quoted(self.device.name))",
            "\"usableBytes\":\(self.device.usableBytes)", "\"decision\":\(quoted(decision))",
            "\"slots\":\(settings.slots)", "\"contextPerSlot\":\(settings.contextPerSlot)",
            "\"cacheType\":\(quoted(settings.cacheType.rawValue))", "\"deviceLayers\":\(settings.deviceLayers)",
            "\"hostExpertLayers\":\(settings.hostExpertLayers)",
            "\"steps\":[\(self.plan.steps.map(quoted).joined(separator: ","))]",
            "\"deviceWeightBytes\":\(estimate.deviceWeights)", "\"hostWeightBytes\":\(estimate.hostWeights)",
            "\"deviceCacheBytes\":\(estimate.deviceCache)", "\"hostCacheBytes\":\(estimate.hostCache)",
            "\"computeBytes\":\(estimate.compute)", "\"visitingBytes\":\(estimate.visiting)",
            "\"projectorBytes\":\(estimate.projector)", "\"fixedBytes\":\(estimate.fixed)",
            "\"deviceBytes\":\(estimate.deviceTotal)", "\"hostBytes\":\(estimate.hostTotal)",
        ]
        if let trained = self.shape.trainedContext { members.append("\"trainedContext\":\(trained)") }
        if let speed = self.speed {
            members.append("\"tokensPerSecondMaxEmpty\":\(Self.rate(speed.ceilingEmpty))")
            members.append("\"tokensPerSecondMaxFull\":\(Self.rate(speed.ceilingFull))")
        }
        return "{\(members.joined(separator: ","))}"
    }

    private static func padded(_ text: String, _ columns: Int) -> String {
        text + String(repeating: " ", count: max(1, columns - text.count))
    }

    /// With one digit behind the point.
    private static func rate(_ value: Double) -> String {
        let tenths = Int(min(value, 1e9) * 10)
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// Such as `8.0 thousand million`, in the way models are named: `8.0 B`.
    private static func count(_ value: UInt64) -> String {
        if value >= 1_000_000_000 { return "\(Self.rate(Double(value) / 1e9)) B" }
        return "\(Self.rate(Double(value) / 1e6)) M"
    }
}

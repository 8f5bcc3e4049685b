/// What one engine needs of a device's memory and of the host's, in bytes.
package struct MemoryEstimate: Sendable, Hashable {
    /// What every engine costs on a device beside the model: the driver's context and its libraries.
    ///
    /// CUDA takes 300 to 450 MiB for a process, by what others report; not measured here.
    package static let fixedDeviceBytes: UInt64 = 450 << 20

    /// What the projector's own graph takes at most, beside its weights: that of a small one is small too.
    package static let projectorGraphBytes: UInt64 = 1 << 30
    private static let projectorGraphBytesMin: UInt64 = 64 << 20

    package var deviceWeights: UInt64 = 0
    package var hostWeights: UInt64 = 0
    /// Keys, values and states.
    package var deviceCache: UInt64 = 0
    package var hostCache: UInt64 = 0
    /// The results of one batch. On a device it is an estimate: what is checked is the engine's log on the CPU.
    package var compute: UInt64 = 0
    /// Weights of the host that the device works on for long texts, one at a time.
    package var visiting: UInt64 = 0
    /// With its graph; on the host where the model is.
    package var projector: UInt64 = 0
    /// As the projector.
    package var draft: UInt64 = 0
    package var fixed: UInt64 = 0

    /// What the device must have free.
    package var deviceTotal: UInt64 {
        self.deviceWeights + self.deviceCache + self.fixed
            + (self.usesDevice ? self.compute + self.visiting + self.projector + self.draft : 0)
    }

    /// What the host must have; weights are mapped and may be read from the disk again.
    package var hostTotal: UInt64 {
        self.hostWeights + self.hostCache + (self.usesDevice ? 0 : self.compute + self.projector + self.draft)
    }

    /// Whether anything of the model is on a device.
    package var usesDevice: Bool { self.fixed > 0 }

    /// What an engine with these settings needs.
    ///
    /// `projectorBytes` is the size of the projector's file, `draft` the need of the small model that guesses ahead;
    /// both are on the device if anything of the model is.
    package init(
        _ shape: ModelShape, _ settings: ChildSettings, projectorBytes: UInt64 = 0, draft: UInt64 = 0
    ) {
        let count = shape.layers.count
        // Counted from the end, the last matrix first.
        let first = max(0, count + 1 - settings.deviceLayers)
        self.hostWeights = shape.embeddingBytes
        self.draft = draft
        self.projector = projectorBytes > 0 ? projectorBytes + Self.graphBytes(ofProjector: projectorBytes) : 0
        if settings.deviceLayers > 0 {
            self.deviceWeights = shape.outputBytes
            self.fixed = Self.fixedDeviceBytes
        } else if !shape.isTied || shape.copiesEmbeddings {
            self.hostWeights += shape.outputBytes
        }
        for (index, layer) in shape.layers.enumerated() {
            let isOnDevice = index >= first
            let expertsAreOnDevice = isOnDevice && index >= settings.hostExpertLayers
            let cache = Self.cacheBytes(shape, layer, settings)
            if isOnDevice {
                self.deviceWeights += layer.bytes
                self.deviceCache += cache
            } else {
                self.hostWeights += layer.bytes
                self.hostCache += cache
            }
            if expertsAreOnDevice {
                self.deviceWeights += layer.expertBytes
            } else {
                self.hostWeights += layer.expertBytes
                if self.fixed > 0 { self.visiting = max(self.visiting, layer.largestTensorBytes) }
            }
        }
        self.compute = ComputeGraph.bytes(shape, settings)
    }

    private static func graphBytes(ofProjector bytes: UInt64) -> UInt64 {
        let (twice, isTooMany) = bytes.multipliedReportingOverflow(by: 2)
        guard !isTooMany, twice < self.projectorGraphBytes else { return self.projectorGraphBytes }
        return min(self.projectorGraphBytes, self.projectorGraphBytesMin + twice)
    }

    /// Bytes that one layer keeps of all sequences.
    static func cacheBytes(_ shape: ModelShape, _ layer: ModelShape.Layer, _ settings: ChildSettings) -> UInt64 {
        let cells = settings.cells(sliding: layer.isSliding ? shape.slidingWindow : nil)
        let type = settings.cacheType.tensorType
        let numbers = layer.keyValueHeads * (layer.keyLength + layer.valueLength)
        let blocks = (numbers + type.blockElements - 1) / type.blockElements
        return blocks * type.blockBytes * cells * settings.streams + layer.stateBytes * UInt64(settings.slots)
    }
}

/// The memory that one engine needs on a device and on the host, in bytes.
package struct MemoryEstimate: Sendable, Equatable {
    /// The overhead of every engine on a device besides the model: the driver's context and its libraries.
    ///
    /// CUDA takes 300 to 450 MiB per process, according to reports; not measured here.
    package static let fixedDeviceBytes: UInt64 = 450 << 20

    /// The maximum memory of the projector's own graph besides its weights; a small projector also has a small graph.
    package static let projectorGraphBytes: UInt64 = 1 << 30
    private static let projectorGraphBytesMin: UInt64 = 64 << 20

    package var deviceWeights: UInt64 = 0
    package var hostWeights: UInt64 = 0
    /// Keys, values and states.
    package var deviceCache: UInt64 = 0
    package var hostCache: UInt64 = 0
    /// The results of one batch. On a device it is an estimate: only the engine's log on the CPU is compared with it.
    package var compute: UInt64 = 0
    /// Weights on the host that the device processes for long texts, one at a time.
    package var visiting: UInt64 = 0
    /// With its graph; on the host if the model is there.
    package var projector: UInt64 = 0
    /// Like the projector.
    package var draft: UInt64 = 0
    package var fixed: UInt64 = 0

    /// The memory that must be free on the device.
    package var deviceTotal: UInt64 {
        self.deviceWeights + self.deviceCache + self.fixed
            + (self.usesDevice ? self.compute + self.visiting + self.projector + self.draft : 0)
    }

    /// The memory that the host must have; weights are mapped and may be read from disk again.
    package var hostTotal: UInt64 {
        self.hostWeights + self.hostCache + (self.usesDevice ? 0 : self.compute + self.projector + self.draft)
    }

    /// Whether any part of the model is on a device.
    package var usesDevice: Bool { self.fixed > 0 }

    /// The needs of an engine with these settings.
    ///
    /// `projectorBytes` is the size of the projector's file, `draft` the memory of the draft model; both are on the
    /// device if any part of the model is.
    package init(
        _ shape: ModelShape, _ settings: ChildSettings, projectorBytes: UInt64 = 0, draft: UInt64 = 0
    ) {
        let count = shape.layers.count
        // Counted from the end, beginning with the output matrix.
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

    /// The cache of one layer for all sequences, in bytes.
    static func cacheBytes(_ shape: ModelShape, _ layer: ModelShape.Layer, _ settings: ChildSettings) -> UInt64 {
        let cells = settings.cells(sliding: layer.isSliding ? shape.slidingWindow : nil)
        let type = settings.cacheType.tensorType
        let numbers = layer.keyValueHeads * (layer.keyLength + layer.valueLength)
        let blocks = (numbers + type.blockElements - 1) / type.blockElements
        return blocks * type.blockBytes * cells * settings.streams + layer.stateBytes * UInt64(settings.slots)
    }
}

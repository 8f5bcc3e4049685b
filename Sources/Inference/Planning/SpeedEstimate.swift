/// The maximum generation speed of a model in tokens per second: each token reads all weights that it uses, and the
/// cache.
package struct SpeedEstimate: Sendable, Equatable {
    /// The share of the ceiling that is reached in practice, according to reports about one RTX 3090.
    package static let usualShare = 0.60...0.75

    /// Tokens per second of one generation with an empty context, limited only by memory bandwidth.
    package var ceilingEmpty: Double
    /// The same with a full context.
    package var ceilingFull: Double

    /// nil when the bandwidth of the computing device is unknown.
    package init?(_ shape: ModelShape, _ settings: ChildSettings, on device: DeviceProfile) {
        let speed = settings.deviceLayers > 0 ? device.bytesPerSecond : device.hostBytesPerSecond
        guard let deviceSpeed = speed, deviceSpeed > 0, device.hostBytesPerSecond > 0 else { return nil }
        let first = max(0, shape.layers.count + 1 - settings.deviceLayers)
        var deviceBytes = settings.deviceLayers > 0 ? Double(shape.outputBytes) : 0
        var hostBytes = settings.deviceLayers > 0 ? 0 : Double(shape.outputBytes)
        var deviceCache = 0.0
        var hostCache = 0.0
        // The part of the cache that one generation reads: its own slot's.
        var own = settings
        own.slots = 1
        own.isUnified = false
        for (index, layer) in shape.layers.enumerated() {
            let isOnDevice = index >= first
            let cache = Double(MemoryEstimate.cacheBytes(shape, layer, own))
            let used = layer.experts.map { Double($0.used) / Double(max(1, $0.count)) } ?? 1
            let experts = Double(layer.expertBytes) * used
            deviceBytes += isOnDevice ? Double(layer.bytes) : 0
            hostBytes += isOnDevice ? 0 : Double(layer.bytes)
            if isOnDevice, index >= settings.hostExpertLayers { deviceBytes += experts } else { hostBytes += experts }
            if isOnDevice { deviceCache += cache } else { hostCache += cache }
        }
        let seconds = deviceBytes / deviceSpeed + hostBytes / device.hostBytesPerSecond
        let cacheSeconds = deviceCache / deviceSpeed + hostCache / device.hostBytesPerSecond
        guard seconds > 0 else { return nil }
        self.ceilingEmpty = 1 / seconds
        self.ceilingFull = 1 / (seconds + cacheSeconds)
    }
}

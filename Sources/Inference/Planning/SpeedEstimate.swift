/// How many tokens a second a model says at most: each token reads all weights that it uses, and the cache.
package struct SpeedEstimate: Sendable, Hashable {
    /// What is reached of the ceiling in practice, by what others report of one RTX 3090.
    package static let usualShare = 0.60...0.75

    /// Tokens per second of one generation with an empty context, if nothing but reading memory took time.
    package var ceilingEmpty: Double
    /// The same with a full context.
    package var ceilingFull: Double

    /// nil when the speed of the device that computes is not known.
    package init?(_ shape: ModelShape, _ settings: ChildSettings, on device: DeviceProfile) {
        let speed = settings.deviceLayers > 0 ? device.bytesPerSecond : device.hostBytesPerSecond
        guard let deviceSpeed = speed, deviceSpeed > 0, device.hostBytesPerSecond > 0 else { return nil }
        let first = max(0, shape.layers.count + 1 - settings.deviceLayers)
        var deviceBytes = settings.deviceLayers > 0 ? Double(shape.outputBytes) : 0
        var hostBytes = settings.deviceLayers > 0 ? 0 : Double(shape.outputBytes)
        var deviceCache = 0.0
        var hostCache = 0.0
        // What one generation reads of the cache: its own slot's part.
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

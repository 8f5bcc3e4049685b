/// What a machine has for models, as it was read a moment ago.
package struct MachineRoom: Sendable, Hashable {
    /// A device, and how much of it models may take together.
    package struct Device: Sendable, Hashable {
        /// The engine's name for it, such as `CUDA0`; empty where a profile stands for it.
        package var id: String
        package var profile: DeviceProfile
        /// What models may take of it together, however much is free.
        package var limitBytes: UInt64
        /// Whether what is free was read beside the loaded models; otherwise their memory is still to be taken off.
        package var isLive: Bool
        /// Whether the engine has no such device: it computes on the processor what is planned for this one.
        package var isPretended: Bool

        package init(
            id: String, profile: DeviceProfile, limitBytes: UInt64 = .max, isLive: Bool = true,
            isPretended: Bool = false
        ) {
            self.id = id
            self.profile = profile
            self.limitBytes = limitBytes
            self.isLive = isLive
            self.isPretended = isPretended
        }
    }

    /// Memory of the machine that stays free beside engines.
    package static let hostMarginBytes: UInt64 = 256 << 20

    package var devices: [Device] = []
    /// All memory of the machine; nil where the system does not say.
    package var hostTotalBytes: UInt64?
    /// What programs may still take, the files of models that are mapped into memory counted as free; nil where the
    /// system does not say.
    package var hostAvailableBytes: UInt64?
    /// What models may take of the machine's memory together; nil: whatever there is.
    package var hostLimitBytes: UInt64?
    /// Whether the engine states its buffers when it is told to log more.
    package var tellsBuffers = false

    package init(devices: [Device] = [], hostAvailableBytes: UInt64? = nil, hostLimitBytes: UInt64? = nil) {
        self.devices = devices
        self.hostAvailableBytes = hostAvailableBytes
        self.hostLimitBytes = hostLimitBytes
    }

    /// What one more model may take of a device, once those in `gone` have ended.
    package func bytes(
        on device: Device, beside residents: [Admission.Resident], after gone: [Admission.Resident] = []
    ) -> UInt64 {
        let there = residents.filter { $0.booking.deviceID == device.id }
        let booked = Self.sum(there) { $0.booking.deviceBytes }
        // What is free lacks what is loaded, but not yet what is being loaded.
        let unseen = device.isLive ? Self.sum(there.filter { !$0.isSettled }) { $0.booking.deviceBytes } : booked
        let given = gone.filter { device.isLive && $0.isSettled && $0.booking.deviceID == device.id }
        let free = Self.sum(given) { $0.booking.deviceBytes } + device.profile.freeBytes
        let usable = Self.rest(min(free, device.profile.memoryBytes), device.profile.marginBytes)
        return min(Self.rest(device.limitBytes, booked), Self.rest(usable, unseen))
    }

    /// What one more model may take of the machine's memory, once those in `gone` have ended.
    package func hostBytes(
        beside residents: [Admission.Resident], after gone: [Admission.Resident] = []
    ) -> UInt64 {
        let booked = Self.sum(residents) { $0.booking.hostBytes }
        let byLimit = self.hostLimitBytes.map { Self.rest($0, booked) } ?? .max
        guard let available = self.hostAvailableBytes else { return byLimit }
        let unseen = Self.sum(residents) { $0.isSettled ? $0.booking.mappedBytes : $0.booking.hostBytes }
        let given = Self.sum(gone.filter(\.isSettled)) { $0.booking.hostBytes - $0.booking.mappedBytes }
        return min(byLimit, Self.rest(Self.rest(available + given, Self.hostMarginBytes), unseen))
    }

    private static func rest(_ whole: UInt64, _ part: UInt64) -> UInt64 { whole - min(whole, part) }

    private static func sum(
        _ residents: [Admission.Resident], _ bytes: (Admission.Resident) -> UInt64
    ) -> UInt64 {
        residents.reduce(0) { sum, resident in
            let (total, isOver) = sum.addingReportingOverflow(bytes(resident))
            return isOver ? .max : total
        }
    }
}

/// What one engine has of a machine's memory, by its plan or by its own words.
package struct MemoryBooking: Sendable, Hashable {
    /// The device that it is on; nil where the processor computes everything.
    package var deviceID: String?
    package var deviceBytes: UInt64
    package var hostBytes: UInt64
    /// The part of `hostBytes` that is a file mapped into memory, which the system counts as free.
    package var mappedBytes: UInt64

    package init(deviceID: String? = nil, deviceBytes: UInt64 = 0, hostBytes: UInt64 = 0, mappedBytes: UInt64 = 0) {
        self.deviceID = deviceID
        self.deviceBytes = deviceBytes
        self.hostBytes = hostBytes
        self.mappedBytes = min(mappedBytes, hostBytes)
    }

    package init(_ estimate: MemoryEstimate, on device: MachineRoom.Device?) {
        // Where the device is pretended the processor has its part too.
        let pretended = device?.isPretended == true ? estimate.deviceTotal - estimate.fixed : 0
        self.init(
            deviceID: device?.id, deviceBytes: device == nil ? 0 : estimate.deviceTotal,
            hostBytes: estimate.hostTotal + pretended, mappedBytes: estimate.hostWeights)
    }

    /// What its end gives: of a device, or of the machine's memory where none is named.
    func bytes(on deviceID: String?) -> UInt64 {
        guard let deviceID else { return self.hostBytes }
        return self.deviceID == deviceID ? self.deviceBytes : 0
    }
}

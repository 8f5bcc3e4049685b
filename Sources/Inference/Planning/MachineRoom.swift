/// The memory of a machine for models, as measured a moment ago.
package struct MachineRoom: Sendable, Equatable {
    /// A device, and how much of its memory models may use together.
    package struct Device: Sendable, Equatable {
        /// The engine's name for it, such as `CUDA0`; empty for a profile.
        package var id: String
        package var profile: DeviceProfile
        /// The limit for all models together, even if more is free.
        package var limitBytes: UInt64
        /// Whether the free memory was measured with the loaded models; otherwise their memory must still be
        /// subtracted.
        package var isLive: Bool
        /// Whether the engine does not have this device: the CPU then computes what is planned for it.
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

    /// Main memory that engines leave free.
    package static let hostMarginBytes: UInt64 = 256 << 20

    package var devices: [Device] = []
    /// Total main memory; nil if the system does not report it.
    package var hostTotalBytes: UInt64?
    /// Memory that programs may still use, counting mapped model files as free; nil if the system does not report it.
    package var hostAvailableBytes: UInt64?
    /// The limit on main memory for all models together; nil: none.
    package var hostLimitBytes: UInt64?
    /// Whether the engine logs its buffers at a higher verbosity.
    package var tellsBuffers = false

    package init(devices: [Device] = [], hostAvailableBytes: UInt64? = nil, hostLimitBytes: UInt64? = nil) {
        self.devices = devices
        self.hostAvailableBytes = hostAvailableBytes
        self.hostLimitBytes = hostLimitBytes
    }

    /// The memory of a device for one more model, once those in `gone` have ended.
    package func bytes(
        on device: Device, beside residents: [Admission.Resident], after gone: [Admission.Resident] = []
    ) -> UInt64 {
        let there = residents.filter { $0.booking.deviceID == device.id }
        let booked = Self.sum(there) { $0.booking.deviceBytes }
        // Free memory excludes loaded models, but not yet those that are loading.
        let unseen = device.isLive ? Self.sum(there.filter { !$0.isSettled }) { $0.booking.deviceBytes } : booked
        let given = gone.filter { device.isLive && $0.isSettled && $0.booking.deviceID == device.id }
        let free = Self.sum(given) { $0.booking.deviceBytes } + device.profile.freeBytes
        let usable = Self.rest(min(free, device.profile.memoryBytes), device.profile.marginBytes)
        return min(Self.rest(device.limitBytes, booked), Self.rest(usable, unseen))
    }

    /// The main memory for one more model, once those in `gone` have ended.
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

/// The memory reserved for one engine, according to its plan or its log.
package struct MemoryBooking: Sendable, Equatable {
    /// Its device; nil when the CPU computes everything.
    package var deviceID: String?
    package var deviceBytes: UInt64
    package var hostBytes: UInt64
    /// The part of `hostBytes` that is a mapped file, which the system counts as free.
    package var mappedBytes: UInt64

    package init(deviceID: String? = nil, deviceBytes: UInt64 = 0, hostBytes: UInt64 = 0, mappedBytes: UInt64 = 0) {
        self.deviceID = deviceID
        self.deviceBytes = deviceBytes
        self.hostBytes = hostBytes
        self.mappedBytes = min(mappedBytes, hostBytes)
    }

    package init(_ estimate: MemoryEstimate, on device: MachineRoom.Device?) {
        // For a simulated device, the CPU also takes the device's part.
        let pretended = device?.isPretended == true ? estimate.deviceTotal - estimate.fixed : 0
        self.init(
            deviceID: device?.id, deviceBytes: device == nil ? 0 : estimate.deviceTotal,
            hostBytes: estimate.hostTotal + pretended, mappedBytes: estimate.hostWeights)
    }

    /// The memory that is freed when it ends: on a device, or main memory for nil.
    func bytes(on deviceID: String?) -> UInt64 {
        guard let deviceID else { return self.hostBytes }
        return self.deviceID == deviceID ? self.deviceBytes : 0
    }
}

package ledger

import (
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/host"
)

// The network's constants. Those of Soroban are the public network's; docs/chain.md lists and explains them.
const (
	Protocol    = 28
	BaseFee     = 100       // stroops per operation
	BaseReserve = 5_000_000 // stroops: half a lumen

	FeePer10kInstructions = 25 // stroops for each begun 10,000

	// What one transaction may declare.
	MaxInstructions = txMaxInstructions
	MaxReadBytes    = txMaxDiskReadBytes
	MaxWriteBytes   = txMaxWriteBytes

	totalCoins    = 100_000_000_000 * 10_000_000 // stroops, all held by the root account at genesis
	maxLedgerTxs  = 1000                         // transactions per ledger
	maxSubEntries = 1000                         // signers and trust lines per account

	txMaxInstructions      = 400_000_000
	ledgerMaxInstructions  = 600_000_000
	txMemoryLimit          = 41_943_040
	txMaxDiskReadEntries   = 200
	txMaxDiskReadBytes     = 200_000
	txMaxWriteEntries      = 200
	txMaxWriteBytes        = 132_096
	txMaxFootprint         = 400
	txMaxSize              = 132_096
	txMaxEventBytes        = 16_384
	ledgerMaxReadEntries   = 1_000
	ledgerMaxReadBytes     = 7_000_000
	ledgerMaxWriteEntries  = 500
	ledgerMaxWriteBytes    = 286_720
	ledgerMaxTxBytes       = 266_240
	ledgerMaxSorobanTxs    = 200
	maxContractSize        = 131_072
	maxDataEntrySize       = 131_072
	maxDataKeySize         = 250
	maxEntryTTL            = 3_110_400 // ledgers: 180 days of 5 s
	minTemporaryTTL        = 17_280    // a day
	minPersistentTTL       = 2_073_600 // 120 days
	maxEvictionsPerLedger  = 1_000
	accountedStateSize     = 1_000_000 // bytes that the rent fee is computed for: constant, so that rent is
	sorobanStateTargetSize = 3_000_000_000
)

// settings are the ledger's configuration entries.
func settings(costs []host.Cost) []xdr.ConfigSettingEntry {
	var cpu, mem xdr.ContractCostParams
	for _, c := range costs {
		cpu = append(cpu, xdr.ContractCostParamEntry{ConstTerm: xdr.Int64(c.CPUConst), LinearTerm: xdr.Int64(c.CPULinear)})
		mem = append(mem, xdr.ContractCostParamEntry{ConstTerm: xdr.Int64(c.MemoryConst), LinearTerm: xdr.Int64(c.MemoryLinear)})
	}
	u32 := func(v uint32) *xdr.Uint32 { x := xdr.Uint32(v); return &x }
	return []xdr.ConfigSettingEntry{
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractMaxSizeBytes, ContractMaxSizeBytes: u32(maxContractSize)},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractComputeV0, ContractCompute: &xdr.ConfigSettingContractComputeV0{
			LedgerMaxInstructions: ledgerMaxInstructions, TxMaxInstructions: txMaxInstructions,
			FeeRatePerInstructionsIncrement: FeePer10kInstructions, TxMemoryLimit: txMemoryLimit}},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractLedgerCostV0, ContractLedgerCost: &xdr.ConfigSettingContractLedgerCostV0{
			LedgerMaxDiskReadEntries: ledgerMaxReadEntries, LedgerMaxDiskReadBytes: ledgerMaxReadBytes,
			LedgerMaxWriteLedgerEntries: ledgerMaxWriteEntries, LedgerMaxWriteBytes: ledgerMaxWriteBytes,
			TxMaxDiskReadEntries: txMaxDiskReadEntries, TxMaxDiskReadBytes: txMaxDiskReadBytes,
			TxMaxWriteLedgerEntries: txMaxWriteEntries, TxMaxWriteBytes: txMaxWriteBytes,
			FeeDiskReadLedgerEntry: 6250, FeeWriteLedgerEntry: 10000, FeeDiskRead1Kb: 1786,
			SorobanStateTargetSizeBytes: sorobanStateTargetSize, RentFee1KbSorobanStateSizeLow: -17000,
			RentFee1KbSorobanStateSizeHigh: 10000, SorobanStateRentFeeGrowthFactor: 5000}},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractHistoricalDataV0,
			ContractHistoricalData: &xdr.ConfigSettingContractHistoricalDataV0{FeeHistorical1Kb: 16235}},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractEventsV0,
			ContractEvents: &xdr.ConfigSettingContractEventsV0{TxMaxContractEventsSizeBytes: txMaxEventBytes, FeeContractEvents1Kb: 10000}},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractBandwidthV0,
			ContractBandwidth: &xdr.ConfigSettingContractBandwidthV0{LedgerMaxTxsSizeBytes: ledgerMaxTxBytes, TxMaxSizeBytes: txMaxSize, FeeTxSize1Kb: 1624}},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractCostParamsCpuInstructions, ContractCostParamsCpuInsns: &cpu},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractCostParamsMemoryBytes, ContractCostParamsMemBytes: &mem},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractDataKeySizeBytes, ContractDataKeySizeBytes: u32(maxDataKeySize)},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractDataEntrySizeBytes, ContractDataEntrySizeBytes: u32(maxDataEntrySize)},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingStateArchival, StateArchivalSettings: &xdr.StateArchivalSettings{
			MaxEntryTtl: maxEntryTTL, MinTemporaryTtl: minTemporaryTTL, MinPersistentTtl: minPersistentTTL,
			PersistentRentRateDenominator: 1215, TempRentRateDenominator: 2430, MaxEntriesToArchive: maxEvictionsPerLedger,
			LiveSorobanStateSizeWindowSampleSize: 30, LiveSorobanStateSizeWindowSamplePeriod: 64, EvictionScanSize: 1000, StartingEvictionScanLevel: 1}},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractExecutionLanes,
			ContractExecutionLanes: &xdr.ConfigSettingContractExecutionLanesV0{LedgerMaxTxCount: ledgerMaxSorobanTxs}},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingLiveSorobanStateSizeWindow, LiveSorobanStateSizeWindow: &[]xdr.Uint64{accountedStateSize}},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractParallelComputeV0,
			ContractParallelCompute: &xdr.ConfigSettingContractParallelComputeV0{LedgerMaxDependentTxClusters: 1}},
		{ConfigSettingId: xdr.ConfigSettingIdConfigSettingContractLedgerCostExtV0,
			ContractLedgerCostExt: &xdr.ConfigSettingContractLedgerCostExtV0{TxMaxFootprintEntries: txMaxFootprint, FeeWrite1Kb: 3500}},
	}
}

package orchestrator

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Effects of a step that was taken.
type Effects struct {
	ID        ids.ID   // what the call made: node, unit, SLA or grant
	IDs       []ids.ID // the SLAs that it made, where there may be several; ID is the first
	Transfers []Transfer
	Events    []Event // in the order in which they are emitted
}

// Transfer of tokens that a call made.
type Transfer struct {
	Asset    money.Asset
	From, To ids.Account
	Amount   money.Amount
}

// Event of a contract: its two topics, and, of a warning, coverage, slash, payment or ruling, the count or amount that it is about.
type Event struct {
	Name    string
	Subject string
	Amount  money.Amount
}

// Step takes one call at a ledger time. A call that fails changes nothing and returns a fault with the code of the contracts' error table.
func (s *State) Step(now uint64, op Op) (Effects, error) {
	s.now, s.out, s.undo = now, Effects{}, s.undo[:0]
	if err := s.apply(op); err != nil {
		for i := len(s.undo) - 1; i >= 0; i-- {
			s.undo[i]()
		}
		return Effects{}, err
	}
	return s.out, nil
}

func (s *State) apply(op Op) error {
	switch op := op.(type) {
	case SubmitReport:
		return s.submitReport(&op)
	case Rotate:
		return s.rotate(&op)

	case Register:
		return s.register(&op)
	case UpdateProvider:
		return s.updateProvider(&op)
	case NodeBind:
		return s.nodeBind(&op)
	case NodeRotate:
		return s.nodeRotate(&op)
	case NodeRelease:
		return s.nodeRelease(&op)
	case DepositCollateral:
		return s.depositCollateral(&op)
	case WithdrawCollateral:
		return s.withdrawCollateral(&op)
	case UnitCreate:
		return s.unitCreate(&op)
	case UnitPrice:
		return s.unitPrice(&op)
	case UnitList:
		return s.unitList(&op)
	case UnitMaintain:
		return s.unitMaintain(&op)
	case UnitEmergency:
		return s.unitEmergency(&op)
	case SetProviderParams:
		return s.setProviderParams(&op)
	case ExtendProvider:
		return s.extendProvider(&op)
	case Freeze:
		return s.freeze(&op)
	case Rule:
		return s.rule(&op)
	case ExtendConsumer:
		return s.extendConsumer(&op)
	case SetAdmin:
		return s.setAdmin(&op)
	case UnitResume:
		return s.unitResume(&op)
	case UnitDecommission:
		return s.unitDecommission(&op)
	case UnitRetire:
		return s.unitRetire(&op)
	case Accept:
		return s.accept(&op)
	case Refuse:
		return s.refuse(&op)
	case Reclaim:
		return s.reclaim(&op)
	case Drain:
		return s.drain(op.SLA)
	case PriceFor:
		return s.priceFor(&op)
	case SettleReservation:
		return s.settleReservation(&op)
	case Claim:
		return s.claim(op.SLA)
	case CollectSlash:
		return s.collectSlash(op.SLA)

	case Request:
		return s.request(&op)
	case RequestJoint:
		return s.requestJoint(&op)
	case Begin:
		return s.begin(op.SLA)
	case Split:
		return s.split(&op)
	case TransferSLA:
		return s.transferSLA(&op)
	case Fund:
		return s.fund(&op)
	case Cancel:
		return s.cancel(&op)
	case Expire:
		return s.expire(op.SLA)
	case Settle:
		return s.settle(&op)
	case CloseSLA:
		return s.closeSLA(&op)
	case Terminate:
		return s.terminate(&op)
	case TimeOut:
		return s.timeOut(op.SLA)
	case Payout:
		return s.payout(op.SLA)
	case Refund:
		return s.refund(op.SLA)
	case CollectFees:
		return s.collectFees(op.SLA)
	case GrantAccess:
		return s.grantAccess(&op)
	case DelegateAccess:
		return s.delegateAccess(&op)
	case RevokeAccess:
		return s.revokeAccess(&op)
	case Pause:
		return s.pause(&op)
	case SetParams:
		return s.setParams(&op)
	}
	panic(fmt.Sprintf("orchestrator: the model has no %T", op))
}

// emit an event about an id or an address.
func (s *State) emit(name string, subject fmt.Stringer, amount ...money.Amount) {
	s.out.Events = append(s.out.Events, Event{name, subject.String(), money.Sum(amount...)})
}

// nextEpoch is the first epoch that has not begun.
func (s *State) nextEpoch() uint64 {
	if s.now < s.config.Genesis {
		return 0
	}
	return s.config.Epoch(s.now) + 1
}
